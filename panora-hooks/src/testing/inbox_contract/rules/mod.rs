//! The rules, grouped by the operation that they check.

pub(super) mod announcing;
pub(super) mod attempts;
pub(super) mod cancellation;
pub(super) mod concurrent_lanes;
pub(super) mod duplicates;
pub(super) mod keys;
pub(super) mod lane_changes;
pub(super) mod lanes;
pub(super) mod leasing;
pub(super) mod operated_lanes;
pub(super) mod operating;
pub(super) mod optional;
pub(super) mod pausing;
pub(super) mod queues;
pub(super) mod reading;
pub(super) mod replaying;
pub(super) mod restarting;
pub(super) mod retention;
pub(super) mod selecting;
pub(super) mod settling;
pub(super) mod storing;
pub(super) mod waiting;
