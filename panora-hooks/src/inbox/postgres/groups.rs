//! Groups of dead events that have the same error and type.

use sqlx::{Row, postgres::PgRow};

use super::{PostgresInbox, info::text, wanted::MAX_COUNT};
use crate::inbox::{Count, ErrorGroup, Fingerprint, InboxError, time::time};

/// The condition that a row of `dead` is not parked, in the words of the indexes of errors.
pub(super) const IS_DEAD: &str = "CASE WHEN is_parked THEN false ELSE true END";

/// The fingerprint of a dead event, as in the index `dead_by_error`.
pub(super) const ERROR: &str = "coalesce(fingerprint, 0)";

/// The fingerprint and the type of a dead event, as in the index `dead_by_group`.
pub(super) const ERROR_OF_GROUP: &str = "coalesce(fingerprint, 0) + 0";
pub(super) const TYPE_OF_GROUP: &str = "coalesce(type_key, '')";

/// The type of a dead event, as in the index `dead_by_type`.
pub(super) const TYPE_OF_DEAD: &str = "substr(coalesce(type_key, ''), 1, 64)";

/// The most groups that are counted, those with the smallest fingerprints.
const MAX_GROUPS: i64 = 1000;

/// The most events that one stage counts in all groups together.
const MAX_COUNTED: i64 = 100_000;

/// The limits of the counts of a group, stage by stage. A stage counts the groups that reach the
/// limit of the one before it. So every group is counted to the first limit, however large others
/// are, and the large groups are counted further.
const STAGES: [i64; 3] = [MAX_COUNTED / MAX_GROUPS, 1000, MAX_COUNT];

/// Returns an expression for the bytes that stand for a type in groups. A type may be megabytes
/// long, an entry of an index may not: a long type is cut, and a digest distinguishes it.
pub(super) fn type_key(of: &str) -> String {
    format!(
        "CASE WHEN octet_length({of}) <= 64 THEN {of}
         ELSE substr({of}, 1, 48) || substr(sha256({of}), 1, 16) END"
    )
}

impl PostgresInbox {
    /// Goes from group to group in the index, and counts their events in stages.
    pub(super) async fn groups(&self, limit: u32) -> Result<Vec<ErrorGroup>, InboxError> {
        let of_group = format!(
            "{IS_DEAD} AND {ERROR_OF_GROUP} = found.fingerprint AND {TYPE_OF_GROUP} = found.type_key"
        );
        let end = |order: &str| {
            format!(
                "SELECT event.type, event.received, item.reason FROM (
                    SELECT seq, reason FROM @dead AS item WHERE {of_group} ORDER BY seq + 0 {order} LIMIT 1
                 ) AS item CROSS JOIN LATERAL (
                    SELECT type, received FROM @event AS event WHERE event.seq = item.seq LIMIT 1
                 ) AS event"
            )
        };
        let groups = format!(
            "WITH RECURSIVE found AS (
                (SELECT {ERROR_OF_GROUP} AS fingerprint, {TYPE_OF_GROUP} AS type_key, 1 AS place
                 FROM @dead AS item WHERE {IS_DEAD} ORDER BY 1, 2 LIMIT 1)
                UNION ALL
                SELECT next.fingerprint, next.type_key, found.place + 1 FROM found CROSS JOIN LATERAL (
                    SELECT {ERROR_OF_GROUP} AS fingerprint, {TYPE_OF_GROUP} AS type_key
                    FROM @dead AS item
                    WHERE {IS_DEAD}
                    AND ({ERROR_OF_GROUP}, {TYPE_OF_GROUP}) > (found.fingerprint, found.type_key)
                    ORDER BY 1, 2 LIMIT 1
                ) AS next
                WHERE found.place < {MAX_GROUPS}
             ),
             stage_0 AS (SELECT fingerprint, type_key, 1::bigint AS count, 0::bigint AS highest FROM found),
             {}
             counted AS MATERIALIZED (
                SELECT * FROM stage_{} ORDER BY count DESC, fingerprint, type_key LIMIT $1
             )
             SELECT found.fingerprint, found.count, found.highest,
                oldest.received AS oldest, newest.received AS newest, newest.type, newest.reason
             FROM counted AS found
             CROSS JOIN LATERAL ({}) AS oldest
             CROSS JOIN LATERAL ({}) AS newest
             ORDER BY found.count DESC, found.fingerprint, found.type_key",
            (1..).zip(STAGES).map(|(number, limit)| stage(number, limit, &of_group)).collect::<String>(),
            STAGES.len(),
            end("ASC"),
            end("DESC"),
        );
        let rows = self.sessions.fetch(self.schema.query(&groups).bind(i64::from(limit))).await?;
        rows.iter().map(group).collect()
    }
}

/// Returns the common table expressions of a stage, which counts the groups up to a limit if they
/// have more events than the stage before it has counted.
fn stage(number: usize, limit: i64, of_group: &str) -> String {
    let before = number - 1;
    format!(
        "limit_{number} AS MATERIALIZED (
            SELECT least({limit}, {MAX_COUNTED} / greatest(count(*), 1)) AS highest
            FROM stage_{before} WHERE count > highest
         ),
         stage_{number} AS MATERIALIZED (
            SELECT found.fingerprint, found.type_key,
                CASE WHEN is_open THEN counted.count ELSE found.count END AS count,
                CASE WHEN is_open THEN next ELSE found.highest END AS highest
            FROM (
                SELECT found.*, limits.highest AS next,
                    found.count > found.highest AND limits.highest > found.highest AS is_open
                FROM stage_{before} AS found CROSS JOIN limit_{number} AS limits
            ) AS found CROSS JOIN LATERAL (
                SELECT count(*) AS count FROM (
                    SELECT FROM @dead AS item WHERE {of_group}
                    LIMIT CASE WHEN is_open THEN next + 1 ELSE 0 END
                ) AS item
            ) AS counted
         ),
         "
    )
}

fn group(row: &PgRow) -> Result<ErrorGroup, InboxError> {
    let number = |column| Ok::<_, sqlx::Error>(row.try_get::<i64, _>(column)?.unsigned_abs());
    let fingerprint = Fingerprint::new(number("fingerprint")?);
    let newest = time(row.try_get("newest")?);
    Ok(ErrorGroup {
        count: Count::up_to(number("highest")?, number("count")?),
        oldest: time(row.try_get("oldest")?),
        ..ErrorGroup::new(fingerprint, text(row, "type")?, newest, text(row, "reason")?)
    })
}
