//! [`Rule`]: the list of rules.

use std::fmt;

/// Passes the list of rules to the macro `$then`, after `$arguments`. The list exists only here.
#[doc(hidden)]
#[macro_export]
macro_rules! __inbox_contract_rules {
    ([$($then:tt)*] $arguments:tt) => {
        $($then)*! {
            $arguments
            Stored storing::a_stored_event_is_leased_unchanged
                "store the id, the type, the data, the content and the time of arrival as they are",
            EmptyBatch storing::an_empty_batch_is_accepted
                "answer an empty batch with an empty list, and lease nothing if `max` is 0",
            BatchOrder storing::results_are_in_the_order_of_the_batch
                "return one result for each event, at the place that the event has in the batch",
            AnyText storing::texts_may_contain_any_character
                "store texts as bytes, or in a column that holds any Unicode text of any length, U+0000 included",
            LargeEvents storing::large_events_are_stored_and_leased
                "return at least one ready event from `lease`, however large it is",
            OneCopy duplicates::an_event_is_stored_once
                "keep `NewEvent::identity` unique, and answer `Duplicate` in whatever state the stored event is",
            OneCopyInBatch duplicates::a_batch_may_contain_an_event_twice
                "compare each event of a batch with those before it in the batch, too",
            Replayed duplicates::an_object_under_another_id_or_type_is_parked
                "park an event that `is_unique` if its `content` is stored under another identity",
            Lists duplicates::a_list_under_another_id_is_a_new_event
                "compare contents only if `NewEvent::is_unique` returns true",
            ManyReplays duplicates::no_replay_of_an_object_runs
                "never make a replay ready; if you bound the number of replays, answer `Duplicate` beyond the bound",
            ConcurrentCopies duplicates::concurrent_copies_are_stored_once
                "let a unique index or a lock decide, not a look before the insert",
            ConcurrentReplays duplicates::concurrent_replays_run_once
                "let a unique index or a lock decide which event is the original, not a look before the insert",
            DuplicateOfUnfinished duplicates::a_duplicate_does_not_complete_an_event
                "change nothing when a duplicate is put: the stored event keeps its state",
            KeyOrder keys::keys_are_in_the_order_of_storing
                "give each event a larger key than every event before it, even if the clock was set back",
            KeysOnce keys::a_key_is_never_used_twice
                "remember the largest key on stable storage, or keep the newest event when others are forgotten",
            UnknownKey keys::an_unknown_key_is_not_found
                "compare all 128 bits of an `EventKey`, and ignore keys that no event has",
            ExclusiveLease leasing::a_lease_is_exclusive_until_it_ends
                "find and mark events in one transaction, and count an attempt when an event is leased",
            ExpiredLease leasing::an_expired_lease_is_an_interruption
                "set `is_interrupted` if the previous lease of the event was not settled",
            LeaseOrder leasing::the_event_that_is_ready_longest_is_leased_first
                "order by the time at which events became due, not by the time of arrival or by key",
            LeaseBound leasing::a_lease_returns_no_more_than_was_asked_for
                "lease up to `max` events, each of them once",
            ConcurrentLeases leasing::concurrent_leases_share_no_event
                "find and mark events in one transaction, such as with `FOR UPDATE SKIP LOCKED`",
            StaleToken settling::a_stale_token_settles_nothing
                "compare the fence in the statement that changes the event, and change nothing if it differs",
            Tokens settling::each_lease_has_a_token_of_its_own
                "give each lease of an event another fence, and compare all 128 bits of it",
            Settlements settling::settlements_are_independent
                "apply every settlement of a call, each to its own event",
            Extend settling::an_extended_lease_lasts_longer
                "let the lease end `Extend(time)` from now, and keep the token valid",
            Retry settling::a_retry_waits_for_its_delay
                "make the event due after the delay of `RetryAfter`, and keep its attempts",
            Release settling::a_released_event_was_not_attempted
                "take back the attempt that the lease has counted, and make the event ready",
            Bury settling::a_dead_event_keeps_its_data_and_reason
                "keep the data, the attempts and the whole reason of a dead event, and never lease it",
            Pages reading::lists_have_pages
                "list events after `Query::after` in the order of keys, and set `next` unless the page is the last",
            Filters reading::lists_have_filters
                "compare the type with every text of `Filter::wire_types`, and the time with `received_at`",
            NewestFirst reading::lists_can_begin_with_the_newest_event
                "if `Query::newest_first` is set, list events before `Query::after`, largest key first",
            IdAndTime reading::lists_find_an_id_and_a_range_of_time
                "compare the whole `id_event`, and `received_at` with both ends of the range",
            StoredIds reading::stored_ids_are_found
                "compare the whole `id_event` with events in any state, also pruned ones",
            Depth reading::depth_counts_each_state
                "compute states from the time of the call: an event whose lease or delay is over is ready",
            Probe reading::a_probe_answers_how_long_events_wait
                "return the age of the oldest ready event from `probe`, and nothing if none is ready",
            Counts reading::a_count_is_exact_or_a_lower_bound
                "count to at least 1000, and return `Count::at_least` where counting stops",
            Replay replaying::a_replay_makes_finished_events_ready
                "make parked, dead, done and delayed events ready with no attempts; leave ready and leased ones alone",
            ReplayFilter replaying::a_replay_selects_by_state_and_type
                "apply the filter of `Select::All` as `list` does",
            ReplayIdAndTime selecting::a_replay_selects_by_id_and_time
                "compare the whole `id_event` and both ends of the range of time with every event",
            ReplayBound replaying::a_replay_is_bounded_and_oldest_first
                "count replayed events instead of examined ones, and replay each event once, smallest key first",
            Prune retention::a_done_event_is_pruned_after_its_age
                "drop the data, and keep the identity, of events that have been done for longer than `older_than`",
            PruneBound retention::pruning_is_bounded
                "prune up to `max` events, and at least one if there are any",
            KeepUnfinished retention::what_is_not_done_is_never_dropped
                "prune and forget only events that are done",
            Capabilities optional::an_optional_part_is_claimed_if_it_works
                "return each optional part that is implemented from `capabilities`, and no other",
            Discard optional::a_discarded_event_is_known_but_gone
                "make up to `max` selected events done and pruned, smallest key first",
            DiscardIdAndTime selecting::a_discard_selects_by_id_and_time
                "compare the whole `id_event` and both ends of the range of time with every event",
            DiscardAnyState optional::an_event_in_any_state_can_be_discarded
                "ask `Select::discards` which events to drop, and end the leases of those that are dropped",
            Forget optional::a_pruned_event_is_forgotten_after_its_age
                "remove events that are pruned and have been done for longer than `older_than`",
            ForgetBound optional::forgetting_is_bounded
                "forget up to `max` events, and at least one if there are any besides the newest",
            ForgottenOriginal optional::a_replay_is_known_after_its_original_is_forgotten
                "park an object while any event with its content is stored, not only the original",
            Expedite optional::events_recover_from_a_clock_that_was_ahead
                "make delayed events ready, and let leases end after `longest_delay`, if they would end later than that",
            ExpediteAsked optional::a_delay_that_a_hook_asked_for_is_kept
                "remember the delay of `RetryAfter` with the event, and expedite no event that waits no longer than that",
            NextDue optional::the_time_of_the_next_event_is_known
                "return the time until the first delay or lease ends that has not ended, from `next_due`",
            ClaimedDeath announcing::a_death_is_claimed_until_it_was_announced
                "let `claim_dead` return each event that was buried with `announce`, until `announced` takes its last claim",
            LastDeath announcing::only_the_last_death_is_announced
                "forget a claim when its event is replayed, and compare the fence of a claim in `announced`",
            FailedAttempt attempts::a_failed_attempt_is_recorded
                "record `Settlement::attempt` with the decision, unless the first attempt succeeds",
            AttemptsApart attempts::attempts_of_one_settlement_are_kept_apart
                "record each attempt with its own event",
            InterruptedAttempt attempts::an_interrupted_attempt_is_recorded_by_the_next_lease
                "when an expired lease is leased again, record the attempt that was never settled",
            StaleReport attempts::a_stale_report_is_not_recorded
                "record an attempt only if the decision applies and is not `Release`",
            KeptAttempts attempts::the_first_and_the_last_attempts_are_kept
                "keep the first 20 and the last 20 attempts of an event, in whatever runs they were",
            Runs attempts::a_replay_begins_a_new_run
                "raise the run when a dead or done event is replayed, return it from `lease`, and keep earlier attempts",
            DroppedAttempts attempts::attempts_are_dropped_with_the_data
                "drop the attempts of an event when its data is dropped",
            ErrorGroups operating::dead_events_are_grouped_by_their_error
                "group dead events by type and by the `Fingerprint` of their reason",
            Figures operating::figures_of_several_processes_add_up
                "add the numbers of `Figures::to_sums` to those of the same minute and hour",
            OldFigures operating::old_figures_are_removed
                "remove figures of minutes and of hours by their own age",
            StatisticsStep operating::figures_are_read_in_steps_of_any_length
                "sum the figures of each step, whose beginning is a multiple of its length",
            Audit operating::actions_of_operators_are_recorded
                "give each action a larger number than the one before it",
            OldActions operating::old_actions_are_removed
                "remove up to `max` actions that are older than `older_than`, and use no number again",
            GroupLimits queues::a_lease_is_limited_by_group
                "lease up to `QueueGroup::max` events of the queues of each group, and none of a queue in no group",
            FairLease queues::a_flood_leaves_room_for_other_groups
                "sort by the number of events that the group runs, then by age, and count each event that is leased",
            IdleGroup queues::a_group_that_runs_nothing_gets_an_event
                "lease the first event of a group that runs none, even if `LeaseRequest::max` is used up",
            KeptQueue queues::an_event_stays_in_its_queue
                "store the queue with the event, and keep it when the event is replayed",
            Paused pausing::a_paused_event_is_not_leased
                "leave the queues of paused patterns out of `lease`, and count their events apart",
            PausedPattern pausing::a_pattern_pauses_the_types_that_it_matches
                "compare a pattern with the queue, or with the beginning of the queue if it ends with `*`",
            LaneOrder lanes::only_the_head_of_a_lane_is_leased
                "lease only the first event of a lane, in the order of batches and of the events in each, not by a clock",
            LaneSuccessor lanes::the_end_of_a_head_promotes_its_successor
                "make the next event of a lane ready, and only that one, in the transaction that completes or buries the head",
            LaneRetry lanes::a_head_that_runs_again_stays_the_head
                "keep a head first in its lane when it is retried, released or extended, and when its lease expires",
            LanesApart lanes::lanes_are_independent
                "promote one event for each head that a call of `settle` completes or buries, in its own lane",
            ConcurrentLanes concurrent_lanes::concurrent_calls_keep_the_order_of_lanes
                "lock a lane before its events are read, in `put` and in `settle`, and several lanes in a fixed order",
            OperatedLanes operated_lanes::concurrent_operations_stall_no_lane
                "lock a lane before you look which of its events are to run, also if it is empty",
            LaneReplay lane_changes::a_replayed_event_enters_its_lane_at_the_end
                "put parked, dead and done events at the end of their lanes, smallest key first; leave waiting ones alone",
            LaneReplayDelayed lane_changes::a_delayed_head_that_is_replayed_stays_the_head
                "make a delayed head ready in its place, and leave the waiting events behind it",
            LaneDiscard lane_changes::discarding_a_head_promotes_its_successor
                "make the next event of a lane ready in the transaction that discards the head, and do not discard it too",
            Waiting waiting::an_event_waits_for_earlier_ones_of_its_lane
                "give the events behind a head the state `Waiting`, count them in `Depth::waiting`, and keep them",
            KeptLane waiting::an_event_keeps_its_lane
                "store the lane with the event, return it in every state, and keep it when the event is replayed",
            LaneFilter waiting::events_are_selected_by_their_lane
                "compare all 16 bytes of `Filter::lane` with every event, in `list`, `count`, `replay` and `discard`",
            PausedLane pausing::a_paused_head_keeps_its_lane_waiting
                "leave a paused head first in its lane, and promote none of the events that wait behind it",
            RestartedLanes restarting::a_restart_keeps_the_order_of_lanes
                "store the place of an event in its lane on stable storage, together with the event",
            Restart restarting::a_restart_keeps_everything
                "answer `put` after the events are flushed to disk, and store attempts and fences with the events",
            DroppedCalls cancellation::a_dropped_call_harms_no_later_call
                "use a connection again only after its statement or transaction has ended as intended",
        }
    };
}

/// Makes one test of each [`Rule`](crate::testing::inbox_contract::Rule), named like the rule.
///
/// The arguments are the attributes of a test and `let harness = …;`, which makes a
/// [`Harness`](crate::testing::inbox_contract::Harness). The expression is evaluated in each test,
/// which is an `async fn`: it may use `.await`, and `return` to skip the test.
///
/// ```
/// # use panora_hooks::{inbox::MemoryInbox, testing::inbox_contract::{self, Harness}};
/// # struct Memory(MemoryInbox);
/// # impl Harness for Memory {
/// #     type Inbox = MemoryInbox;
/// #     fn inbox(&self) -> MemoryInbox {
/// #         self.0.clone()
/// #     }
/// # }
/// # impl Memory {
/// #     async fn connect() -> Option<Self> {
/// #         None
/// #     }
/// # }
/// inbox_contract::tests! {
///     #[tokio::test(flavor = "multi_thread")]
///     let harness = match Memory::connect().await {
///         Some(harness) => harness,
///         None => return,
///     };
/// }
/// # fn main() {}
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __inbox_contract_tests {
    ($($test:tt)*) => {
        $crate::__inbox_contract_rules! { [$crate::__inbox_contract_each_test] { $($test)* } }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __inbox_contract_each_test {
    ($test:tt $($rule:ident $module:ident::$name:ident $help:literal,)*) => {
        $($crate::__inbox_contract_test! { $rule $name $test })*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __inbox_contract_test {
    ($rule:ident $name:ident { $(#[$attribute:meta])* let harness = $harness:expr; }) => {
        $(#[$attribute])*
        async fn $name() {
            $crate::testing::inbox_contract::Rule::$rule.assert($harness).await;
        }
    };
}

macro_rules! define {
    ({} $($rule:ident $module:ident::$name:ident $help:literal,)*) => {
        /// A rule that every store keeps. Each variant documents the instruction for a store.
        ///
        /// [`tests!`](crate::testing::inbox_contract::tests) makes a test of each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(
                #[doc = concat!("`", stringify!($name), "`: ", $help, ".")]
                $rule,
            )*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$rule,)*];

            /// Returns the name of the rule's test, which is the rule as a sentence.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$rule => stringify!($name),)*
                }
            }

            /// Returns the instruction for a store that breaks the rule.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self {
                    $(Self::$rule => $help,)*
                }
            }
        }
    };
}

__inbox_contract_rules! { [define] {} }

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
