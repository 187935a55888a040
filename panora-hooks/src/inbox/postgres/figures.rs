//! The figures: sums per event type and step.

use std::{
    collections::BTreeMap,
    ops::Range,
    time::{Duration, SystemTime},
};

use sqlx::Row;

use super::{PostgresInbox, info::text};
use crate::inbox::{
    Figures, InboxError, StatisticsStep,
    figures::{KEPT_STEPS, kept_for, kept_step, step_length, step_start},
    time::{micros, time, whole_micros},
};

/// The most rows that one statement reads.
const BATCH: i64 = 1000;

impl PostgresInbox {
    /// Adds to the sums of the current steps. All processes do so in the order of the
    /// primary key, so they cannot deadlock.
    pub(super) async fn add_sums(&self, figures: Vec<(String, Figures)>) -> Result<(), InboxError> {
        let mut sums = BTreeMap::<_, Figures>::new();
        for (event_type, figures) in &figures {
            sums.entry(event_type.as_bytes()).or_default().add(figures);
        }
        if sums.is_empty() {
            return Ok(());
        }
        let width = Figures::default().to_sums().len();
        let add = self.schema.query(
            "WITH lazy AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
             INSERT INTO @figure AS kept(step, start, type, sums)
             SELECT step, :now - :now % step, type, ($2::bigint[])[(place - 1) * $3 + 1 : place * $3]
             FROM unnest($1::bytea[]) WITH ORDINALITY AS input(type, place)
             CROSS JOIN unnest($4::bigint[]) AS step
             ORDER BY step, type
             ON CONFLICT (step, start, type) DO UPDATE SET sums = ARRAY(
                SELECT coalesce(one, 0) + coalesce(other, 0)
                FROM unnest(kept.sums, excluded.sums) WITH ORDINALITY AS pair(one, other, place)
                ORDER BY place
             )
             RETURNING (SELECT '' FROM lazy)",
        );
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let add = add
            .bind(sums.keys().map(|event_type| event_type.to_vec()).collect::<Vec<_>>())
            .bind(sums.values().flat_map(Figures::to_sums).map(number).collect::<Vec<_>>())
            .bind(i64::try_from(width).unwrap_or(i64::MAX))
            .bind(KEPT_STEPS);
        self.sessions.fetch(add).await.map(drop)
    }

    pub(super) async fn sums_between(
        &self,
        range: &Range<SystemTime>,
        step: Duration,
    ) -> Result<Vec<StatisticsStep>, InboxError> {
        let length = step_length(step);
        let kept = kept_step(length);
        // The first step that begins at a time or later. There are no figures from before 1970.
        let first_from = |at: SystemTime| step_start(micros(at).max(0) - 1, length).saturating_add(length);
        let find = "SELECT start, type, sums FROM @figure
             WHERE step = $1 AND start >= $2 AND start < $3 AND (start, type) > ($4, $5)
             ORDER BY start, type LIMIT $6";
        let (first, end) = (first_from(range.start), first_from(range.end));
        let mut steps = BTreeMap::<_, Figures>::new();
        let mut after = (first.saturating_sub(1), Vec::<u8>::new());
        loop {
            let find = self.schema.query(find).bind(kept).bind(first).bind(end);
            let rows = self.sessions.fetch(find.bind(after.0).bind(after.1).bind(BATCH)).await?;
            let Some(last) = rows.last() else { break };
            after = (last.try_get("start")?, last.try_get("type")?);
            for row in &rows {
                let sums: Vec<i64> = row.try_get("sums")?;
                let sums: Vec<_> = sums.into_iter().map(i64::unsigned_abs).collect();
                let start = step_start(row.try_get("start")?, length);
                steps.entry((start, text(row, "type")?)).or_default().add(&Figures::from_sums(&sums));
            }
        }
        let step = |((start, event_type), figures)| StatisticsStep::new(time(start), event_type, figures);
        Ok(steps.into_iter().map(step).collect())
    }

    /// Removes up to `max` figures that are too old.
    pub(super) async fn prune_sums(
        &self,
        minutes: Duration,
        hours: Duration,
        max: u32,
    ) -> Result<u64, InboxError> {
        let prune = self.schema.query(
            "WITH lazy AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
             old AS MATERIALIZED (
                SELECT old.place FROM unnest($1::bigint[], $2::bigint[]) AS kept(step, age) CROSS JOIN LATERAL (
                    SELECT ctid AS place FROM @figure AS figure
                    WHERE figure.step = kept.step AND figure.start < :now - kept.age
                    ORDER BY figure.start, figure.type LIMIT $3
                ) AS old
                LIMIT $3
             )
             DELETE FROM @figure WHERE ctid = ANY(ARRAY(SELECT place FROM old))
             RETURNING (SELECT '' FROM lazy)",
        );
        let prune = prune.bind(KEPT_STEPS).bind(kept_for(minutes, hours).map(whole_micros));
        Ok(self.sessions.fetch(prune.bind(i64::from(max))).await?.len() as u64)
    }
}
