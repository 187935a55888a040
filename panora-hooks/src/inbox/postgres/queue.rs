//! Leases: claiming events and repairing their times.

use std::time::Duration;

use bytestring::ByteString;
use sqlx::{Row, postgres::PgRow};

use super::{
    PostgresInbox,
    copies::DATA,
    info::text,
    lanes::HAS_LANE,
    open,
    queues::{GroupColumns, IS_PAUSED},
    schema,
};
use crate::inbox::{
    InboxError, Lane, LeaseRequest, Leased, OpenError,
    column::{self, LaneBytes},
    error::chain,
    lease::MAX_LEASED_BYTES,
    time::{CLOCK_STEP, time, whole_micros},
};

/// The most events with a late time that are examined at once, latest first.
const MOST_LATE: i64 = 10_000;

impl PostgresInbox {
    pub(super) async fn lease_batch(&self, request: &LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        let LeaseRequest { max, lease_for, worker, .. } = request;
        let GroupColumns { queues, places, others, max: shares, running } = GroupColumns::of(request);
        // Nothing is leased from tables of a later version, whose rows may mean something else.
        //
        // First the number of events of each queue is chosen, without a lock. Then as many are
        // locked that no other worker has locked, so that workers that lease at the same time do
        // not get in each other's way. A locked row stays where it is, so it is updated by its
        // place. The condition on two columns and the order by the queue leave the planner no other
        // index than `due_by_queue`.
        let lease = format!(
            "WITH lazy AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
             wanted AS MATERIALIZED (
                SELECT queue.id, queue.name, share.place, share.max, share.running
                FROM @queue AS queue
                LEFT JOIN unnest($7::bytea[], $8::integer[]) AS named(name, place) USING (name)
                JOIN unnest($10::bigint[], $11::bigint[]) WITH ORDINALITY AS share(max, running, place)
                ON share.place = coalesce(named.place, $9) + 1
                WHERE (SELECT version FROM @format) <= $5 AND NOT {IS_PAUSED}
             ),
             oldest AS (
                SELECT wanted.id, wanted.name, wanted.place AS share, wanted.max, wanted.running,
                    ready.due, ready.seq,
                    row_number() OVER (PARTITION BY wanted.place ORDER BY ready.due, ready.seq) AS number
                FROM wanted CROSS JOIN LATERAL (
                    SELECT due, seq FROM @due AS due
                    WHERE due.queue >= wanted.id AND (due.queue, due.due) <= (wanted.id, :now)
                    ORDER BY due.queue, due.due, due.seq LIMIT wanted.max
                ) AS ready
             ),
             ranked AS (
                SELECT id, name, share, running, running + number AS rank,
                    row_number() OVER (ORDER BY running + number, due, seq) AS place
                FROM oldest WHERE number <= max
             ),
             chosen AS MATERIALIZED (
                SELECT id, name, share, running, count(*) AS number FROM ranked
                WHERE rank = 1 OR place <= $1 GROUP BY id, name, share, running
             ),
             free AS MATERIALIZED (
                SELECT due.*, chosen.name, chosen.share, chosen.running FROM chosen CROSS JOIN LATERAL (
                    SELECT ctid AS place, seq, due, fence, started, worker FROM @due AS due
                    WHERE due.queue >= chosen.id AND (due.queue, due.due) <= (chosen.id, :now)
                    ORDER BY due.queue, due.due, due.seq LIMIT chosen.number
                    FOR UPDATE SKIP LOCKED
                ) AS due
             ),
             sized AS MATERIALIZED (
                SELECT *, sum(size) OVER (ORDER BY rank, due, seq) - size AS before
                FROM (
                    SELECT free.*, event.*, coalesce(octet_length(data), 0) AS size,
                        running + row_number() OVER (PARTITION BY share ORDER BY due, free.seq) AS rank
                    FROM free CROSS JOIN LATERAL (
                        SELECT event.key, event.id_event, event.type, event.received, {DATA} AS data
                        FROM @event AS event WHERE event.seq = free.seq LIMIT 1
                    ) AS event
                ) AS ranked
             ),
             taken AS (
                UPDATE @due AS due SET
                    due = :now + $2, attempts = due.attempts + 1,
                    fence = $3 + CASE WHEN due.lane IS NULL THEN 0 ELSE 1 END, started = :now, worker = $6
                FROM sized
                WHERE due.ctid = sized.place AND before < $4 AND data IS NOT NULL
                RETURNING due.seq, due.attempts, due.lane, coalesce(due.run, 1) AS run,
                    sized.fence IS NOT NULL AS was_leased, sized.started, sized.worker, sized.name AS queue,
                    sized.due AS since, key, id_event, type, received, data
             )
             SELECT format.version, taken.*, (SELECT '' FROM lazy),
                (SELECT array_agg(seq) FROM sized WHERE data IS NULL) AS lost
             FROM @format AS format LEFT JOIN taken ON true
             ORDER BY since, seq"
        );
        let fence = fastrand::i64(0..) & !HAS_LANE;
        let known = schema::current();
        let lease = self.schema.cached(&lease).bind(i64::from(*max)).bind(whole_micros(*lease_for));
        let lease = lease.bind(fence).bind(i64::from(MAX_LEASED_BYTES)).bind(known);
        let lease = lease.bind(worker.as_ref().map(|worker| worker.as_bytes().to_vec()));
        let lease = lease.bind(queues).bind(places).bind(others).bind(shares).bind(running);
        let rows = self.sessions.fetch(lease).await?;
        let found: i64 = rows.first().map_or(Ok(known), |row| row.try_get(0))?;
        if found > known {
            let inbox = open::inbox(&self.schema);
            return Err(InboxError::Other(OpenError::Newer { inbox, found, known }.into()));
        }
        let lost: Option<Vec<i64>> = rows.first().map_or(Ok(None), |row| row.try_get("lost"))?;
        if let Some(lost) = lost
            && let Err(error) = self.bury_lost(lost).await
        {
            tracing::warn!("events without data are not buried: {}", chain(&error));
        }
        let leased: Vec<_> =
            rows.iter().filter_map(|row| leased(row, fence).transpose()).collect::<Result<_, _>>()?;
        if leased.iter().any(|leased| leased.is_interrupted)
            && let Err(error) = self.record_interruptions(&rows).await
        {
            // The events are leased nevertheless, and have to run.
            tracing::warn!("interrupted attempts are not recorded: {}", chain(&error));
        }
        Ok(leased)
    }

    pub(super) async fn time_to_next(&self) -> Result<Option<Duration>, InboxError> {
        let next = "SELECT due - :now FROM @due WHERE due > :now ORDER BY due, seq LIMIT 1";
        let rows = self.sessions.fetch(self.schema.query(next)).await?;
        let next: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
        Ok(next.map(|next| Duration::from_micros(next.unsigned_abs())))
    }

    pub(super) async fn expedite_late(&self, longest_delay: Duration, max: u32) -> Result<u64, InboxError> {
        // All of the events that wait longest may do so because their hooks have asked for it.
        let expedite = self.schema.query(
            "WITH far AS MATERIALIZED (
                SELECT seq, due, fence, asked FROM @due WHERE due > :now + $1 ORDER BY due DESC LIMIT $3
             ),
             late AS MATERIALIZED (
                SELECT seq FROM @due WHERE due > :now + $1
                AND (fence IS NOT NULL OR due > :now + coalesce(asked, 0) + $4)
                AND seq = ANY(ARRAY(
                    SELECT seq FROM far WHERE fence IS NOT NULL OR due > :now + coalesce(asked, 0) + $4 LIMIT $2
                ))
                FOR UPDATE SKIP LOCKED
             )
             UPDATE @due SET due = :now + CASE WHEN fence IS NULL THEN 0 ELSE $1 END, asked = NULL
             WHERE seq = ANY(ARRAY(SELECT seq FROM late)) RETURNING seq",
        );
        let expedite = expedite.bind(whole_micros(longest_delay)).bind(i64::from(max)).bind(MOST_LATE);
        let expedite = expedite.bind(whole_micros(CLOCK_STEP));
        Ok(self.sessions.fetch(expedite).await?.len() as u64)
    }
}

/// Returns the event of a row; `None` if the row has only the version.
fn leased(row: &PgRow, fence: i64) -> Result<Option<Leased>, InboxError> {
    let Some(seq) = row.try_get(1)? else { return Ok(None) };
    let key: [u8; 48] = row.try_get("key")?;
    let mut content = [0; 32];
    content.copy_from_slice(&key[..32]);
    let (id, wire_type) = (text(row, "id_event")?, text(row, "type")?);
    let data = ByteString::from(text(row, "data")?);
    let received_at = time(row.try_get("received")?);
    let lane = row.try_get::<Option<LaneBytes>, _>("lane")?.map(Lane::from_bytes);
    let fence = fence | if lane.is_some() { HAS_LANE } else { 0 };
    let number = |column| Ok::<_, sqlx::Error>(row.try_get::<i32, _>(column)?.unsigned_abs());
    Ok(Some(Leased {
        attempt: number("attempts")?,
        run: number("run")?,
        is_interrupted: row.try_get("was_leased")?,
        queue: text(row, "queue")?.into(),
        lane,
        ..Leased::new(column::token(seq, fence), content, id, wire_type, data, received_at)
    }))
}
