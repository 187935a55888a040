//! Settlements of leases.

use std::collections::HashSet;

use sqlx::{Row, postgres::PgRow};

use super::{
    PostgresInbox,
    attempts::recorded,
    groups::type_key,
    lanes::{self, HAS_LANE, LOCKED, PROMOTE},
    schema::Statement,
    session::Begin,
};
use crate::inbox::{
    AttemptReport, Decision, Fingerprint, InboxError, Settled, Settlement, column, time::whole_micros,
};

impl PostgresInbox {
    pub(super) async fn settle_batch(&self, items: &[Settlement]) -> Result<Vec<Settled>, InboxError> {
        let mut settled = vec![Settled::Stale; items.len()];
        // A statement changes each row once, so a second settlement of a token needs a second
        // statement.
        let mut rest: Vec<_> = items.iter().zip(&mut settled).collect();
        while !rest.is_empty() {
            let mut tokens = HashSet::with_capacity(rest.len());
            let (mut now, later): (Vec<_>, Vec<_>) =
                rest.into_iter().partition(|(item, _)| tokens.insert(item.token));
            self.settle_apart(&mut now).await?;
            rest = later;
        }
        Ok(settled)
    }

    /// Settles leases that are all distinct.
    async fn settle_apart(&self, items: &mut [Item<'_>]) -> Result<(), InboxError> {
        let rows = self.sessions.fetch(self.settle(items)).await?;
        if !rows.is_empty() || !items.iter().any(|(item, _)| ends_head(item)) {
            return mark(items, &rows);
        }
        // All are stale, or an event has entered one of the lanes since the statement began. The
        // next statement sees that event, because the lanes are locked.
        let heads = items.iter().filter(|(item, _)| ends_head(item));
        let heads = heads.map(|(item, _)| column::seq(item.token.key())).collect();
        let mut change = self.sessions.begin(Begin::Lazy).await?;
        lanes::lock(&mut change, &self.schema, heads).await?;
        let rows = change.fetch(self.settle(items)).await?;
        change.commit().await?;
        mark(items, &rows)
    }

    /// Returns the statement that settles leases that are all distinct.
    fn settle(&self, items: &[Item<'_>]) -> Statement {
        let kind = |decision: &Decision| match decision {
            Decision::Complete => "complete",
            Decision::RetryAfter(_) => "retry",
            Decision::Bury(_) => "bury",
            Decision::Extend(_) => "extend",
            Decision::Release => "release",
        };
        let delay = |decision: &Decision| match decision {
            Decision::RetryAfter(duration) | Decision::Extend(duration) => whole_micros(*duration),
            _ => 0,
        };
        let reason = |decision: &Decision| match decision {
            Decision::Bury(reason) => Some(reason.as_bytes().to_vec()),
            _ => None,
        };
        let fingerprint = |decision: &Decision| match decision {
            Decision::Bury(reason) => Some(Fingerprint::of(reason).number().cast_signed()),
            _ => None,
        };
        let reports = |of: fn(&AttemptReport) -> Option<Vec<u8>>| {
            let reports = items.iter().map(|(item, _)| item.attempt.as_ref().and_then(of));
            reports.collect::<Vec<_>>()
        };
        let parts = SettleParts::of(items);
        let duration = |item: &Settlement| item.attempt.as_ref()?.duration.map(whole_micros);
        let is_success = |item: &Settlement| Some(item.attempt.as_ref()?.outcome.is_success());
        let statement = self
            .schema
            .cached(&parts.sql())
            .bind(items.iter().map(|(item, _)| column::seq(item.token.key())).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| column::fence(item.token)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| kind(&item.decision)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| delay(&item.decision)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| reason(&item.decision)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| fingerprint(&item.decision)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| duration(item)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| item.announces).collect::<Vec<_>>());
        if parts.records {
            statement
                .bind(reports(|report| Some(report.outcome.as_str().as_bytes().to_vec())))
                .bind(reports(|report| report.error.as_ref().map(|error| error.as_bytes().to_vec())))
                .bind(reports(|report| Some(report.worker.as_bytes().to_vec())))
                .bind(items.iter().map(|(item, _)| is_success(item)).collect::<Vec<_>>())
        } else {
            statement
        }
    }
}

/// A settlement and its result.
type Item<'i> = (&'i Settlement, &'i mut Settled);

/// Marks the settlements whose tokens the rows have.
fn mark(items: &mut [Item<'_>], rows: &[PgRow]) -> Result<(), InboxError> {
    let token = |row: &PgRow| Ok(column::token(row.try_get(0)?, row.try_get(1)?));
    let settled: HashSet<_> = rows.iter().map(token).collect::<sqlx::Result<_>>()?;
    for (item, result) in items {
        if settled.contains(&item.token) {
            **result = Settled::Applied;
        }
    }
    Ok(())
}

/// The optional parts of the statement that settles leases. PostgreSQL plans each part for each
/// batch, so a batch leaves out the parts that it does not need.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each part is there or not, whatever the others are")]
struct SettleParts {
    /// Whether an event becomes dead.
    buries: bool,
    /// Whether an event stays due: its attempt is retried, extended or released.
    keeps: bool,
    /// Whether an attempt may have to be recorded.
    records: bool,
    /// Whether heads of lanes end.
    promotes: bool,
}

impl SettleParts {
    fn of(items: &[Item<'_>]) -> Self {
        items.iter().fold(Self::default(), |parts, (item, _)| {
            let is_recorded =
                |report: &AttemptReport| report.number.is_none_or(|number| report.is_kept(number));
            let (buries, keeps) = match item.decision {
                Decision::Complete => (false, false),
                Decision::Bury(_) => (true, false),
                Decision::RetryAfter(_) | Decision::Extend(_) | Decision::Release => (false, true),
            };
            Self {
                buries: parts.buries || buries,
                keeps: parts.keeps || keeps,
                records: parts.records || item.attempt.as_ref().is_some_and(is_recorded),
                promotes: parts.promotes || ends_head(item),
            }
        })
    }

    /// Returns the statement. Without `records` it has no parameters after `$8`.
    fn sql(self) -> String {
        let Self { buries, keeps, records, promotes } = self;
        let mut expressions = Vec::new();
        if promotes {
            expressions.push(LOCKED.to_owned());
        }
        expressions.push(ended(records, promotes));
        if buries {
            expressions.push(dead());
        }
        if keeps {
            expressions.push(kept(records));
        }
        if records {
            expressions.extend([over(keeps), recorded()]);
        }
        if promotes {
            let freed = "freed AS (SELECT DISTINCT lane, lane_place FROM ended WHERE lane IS NOT NULL)";
            expressions.extend([freed.to_owned(), PROMOTE.to_owned()]);
        }
        let values = if records { ", $9::bytea[], $10::bytea[], $11::bytea[], $12::boolean[]" } else { "" };
        let columns = if records { ", outcome, error, worker, is_success" } else { "" };
        let kept = if keeps { "UNION ALL SELECT seq, fence, (SELECT '' FROM lazy) FROM kept" } else { "" };
        let input = if promotes { "given" } else { "input" };
        format!(
            "WITH lazy AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
             {input} AS (
                SELECT * FROM unnest(
                    $1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bytea[], $6::bigint[],
                    $7::bigint[], $8::boolean[]{values}
                ) AS input(seq, fence, kind, delay, reason, fingerprint, duration, announces{columns})
             ),
             {}
             SELECT seq, fence, (SELECT '' FROM lazy) FROM ended {kept}",
            expressions.join(",\n"),
        )
    }
}

/// Returns whether a settlement ends the head of a lane, unless its token is stale.
fn ends_head(item: &Settlement) -> bool {
    let ends = matches!(item.decision, Decision::Complete | Decision::Bury(_));
    ends && column::fence(item.token) & HAS_LANE != 0
}

/// The columns of the input that are returned with a row of `due`, for the record of the attempt.
fn reported(records: bool) -> &'static str {
    if records { ", outcome, error, input.worker, is_success" } else { "" }
}

/// Events that are done or dead. Those that are done go to their table.
fn ended(records: bool, promotes: bool) -> String {
    // `=` would imply that the fence is not NULL. The planner could then choose the index of
    // leased events, which is not searched by `seq`.
    let reported = reported(records);
    let lane = if promotes { ", input.lane, input.lane_place" } else { "" };
    format!(
        "ended AS (
            DELETE FROM @due AS due USING input
            WHERE due.seq = ANY($1) AND due.seq = input.seq AND due.fence IS NOT DISTINCT FROM input.fence
            AND kind IN ('complete', 'bury')
            RETURNING due.seq, due.fence, due.attempts, due.run, kind, reason, fingerprint, duration,
                announces{reported}{lane}
         ),
         done AS (
            INSERT INTO @done(seq, at, attempts, is_pruned, run, duration)
            SELECT seq, :now, attempts, false, run, duration FROM ended WHERE kind = 'complete'
         )"
    )
}

/// Puts the dead events into their table.
fn dead() -> String {
    format!(
        "dead AS (
            INSERT INTO @dead(seq, at, attempts, is_parked, reason, run, fingerprint, announce, type_key)
            SELECT seq, :now, attempts, false, reason, run, fingerprint, CASE WHEN announces THEN :now END,
                (SELECT {} FROM @event AS event WHERE event.seq = ended.seq)
            FROM ended WHERE kind = 'bury'
         )",
        type_key("event.type"),
    )
}

/// Events that stay due.
fn kept(records: bool) -> String {
    let reported = reported(records);
    format!(
        "kept AS (
            UPDATE @due AS due SET
                due = :now + delay,
                asked = CASE kind WHEN 'retry' THEN delay END,
                attempts = due.attempts - CASE kind WHEN 'release' THEN 1 ELSE 0 END,
                fence = CASE kind WHEN 'extend' THEN due.fence END
            FROM input
            WHERE due.seq = ANY($1) AND due.seq = input.seq AND due.fence IS NOT DISTINCT FROM input.fence
            AND kind IN ('retry', 'extend', 'release')
            RETURNING due.seq, input.fence, due.attempts, due.run, kind, duration{reported}
         )"
    )
}

/// The attempts to record. A success at the first attempt is not recorded.
fn over(keeps: bool) -> String {
    const COLUMNS: &str = "seq, run, attempts, duration, outcome, error, worker, is_success";
    let kept = if keeps {
        format!("UNION ALL SELECT {COLUMNS} FROM kept WHERE kind = 'retry'")
    } else {
        String::new()
    };
    format!(
        "over AS (
            SELECT seq, coalesce(run, 1) AS run, attempts AS number,
                :now - coalesce(duration, 0) AS started, duration, outcome, error, worker
            FROM (SELECT {COLUMNS} FROM ended {kept}) AS reported
            WHERE outcome IS NOT NULL AND (attempts > 1 OR NOT is_success)
         )"
    )
}
