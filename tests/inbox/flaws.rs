//! Each rule of the contract finds a store that breaks it.

mod attempts;
mod flaw;
mod flawed;
mod lanes;
mod leasing;
mod operating;
mod putting;

use panora_hooks::testing::inbox_contract::{Rule, Verdict};

use self::{flaw::Flaw, flawed::FlawedStore};
use crate::contract::Ours;

/// Each flaw, and the rule that detects it.
const FLAWS: &[(Flaw, Rule)] = &[
    (Flaw::CompletesBeforeTheHook, Rule::Stored),
    (Flaw::LeasesOneUnasked, Rule::EmptyBatch),
    (Flaw::AnswersInReverse, Rule::BatchOrder),
    (Flaw::CutsAtNul, Rule::AnyText),
    (Flaw::LeasesNothingLarge, Rule::LargeEvents),
    (Flaw::ReportsDuplicatesAsStored, Rule::OneCopy),
    (Flaw::OverlooksCopiesInABatch, Rule::OneCopyInBatch),
    (Flaw::RunsReplays, Rule::Replayed),
    (Flaw::ParksLists, Rule::Lists),
    (Flaw::RunsReplaysBeyondABound, Rule::ManyReplays),
    (Flaw::LooksForCopiesBeforeItInserts, Rule::ConcurrentCopies),
    (Flaw::LooksForOriginalsBeforeItInserts, Rule::ConcurrentReplays),
    (Flaw::CompletesOnDuplicates, Rule::DuplicateOfUnfinished),
    (Flaw::GivesKeysOutOfOrder, Rule::KeyOrder),
    (Flaw::ReusesKeys, Rule::KeysOnce),
    (Flaw::ComparesHalfAKey, Rule::UnknownKey),
    (Flaw::CountsAttemptsAfterTheRun, Rule::ExclusiveLease),
    (Flaw::ForgetsInterruptions, Rule::ExpiredLease),
    (Flaw::LeasesInTheOrderOfKeys, Rule::LeaseOrder),
    (Flaw::LeasesTwiceAsMany, Rule::LeaseBound),
    (Flaw::SharesLeases, Rule::ConcurrentLeases),
    (Flaw::SharesLeases, Rule::ExclusiveLease),
    (Flaw::AcceptsStaleTokens, Rule::StaleToken),
    (Flaw::ReusesFences, Rule::Tokens),
    (Flaw::SettlesOnlyTheFirst, Rule::Settlements),
    (Flaw::ExtendsByASecond, Rule::Extend),
    (Flaw::RetriesAtOnce, Rule::Retry),
    (Flaw::CountsReleasedAttempts, Rule::Release),
    (Flaw::BuriesWithoutData, Rule::Bury),
    (Flaw::RepeatsTheLastOfAPage, Rule::Pages),
    (Flaw::ComparesOnlyTheWireType, Rule::Filters),
    (Flaw::TurnsBackAfterThePage, Rule::NewestFirst),
    (Flaw::ComparesTheBeginningOfIds, Rule::IdAndTime),
    (Flaw::FindsOnlyUnfinishedIds, Rule::StoredIds),
    (Flaw::LosesTheOldest, Rule::Depth),
    (Flaw::ProbesAnyState, Rule::Probe),
    (Flaw::StopsCountingAtOnce, Rule::Counts),
    (Flaw::ReplaysNothing, Rule::Replay),
    (Flaw::ReplaysEveryType, Rule::ReplayFilter),
    (Flaw::ReplaysTheNewest, Rule::ReplayBound),
    (Flaw::ReplaysEveryId, Rule::ReplayIdAndTime),
    (Flaw::ReplaysAnyTime, Rule::ReplayIdAndTime),
    (Flaw::PrunesAtAnyAge, Rule::Prune),
    (Flaw::PrunesWithoutBound, Rule::PruneBound),
    (Flaw::PrunesUnfinished, Rule::KeepUnfinished),
    (Flaw::ClaimsWhatItLacks, Rule::Capabilities),
    (Flaw::HasWhatItDoesNotClaim, Rule::Capabilities),
    (Flaw::LimitsWhatItLooksAt, Rule::Discard),
    (Flaw::DiscardsOnlyWhatIsOver, Rule::DiscardAnyState),
    (Flaw::DiscardsEveryId, Rule::DiscardIdAndTime),
    (Flaw::DiscardsAnyTime, Rule::DiscardIdAndTime),
    (Flaw::ForgetsAtAnyAge, Rule::Forget),
    (Flaw::ForgetsWithoutBound, Rule::ForgetBound),
    (Flaw::ForgetsContents, Rule::ForgottenOriginal),
    (Flaw::ExpeditesNothing, Rule::Expedite),
    (Flaw::ExpeditesAnyDelay, Rule::ExpediteAsked),
    (Flaw::CountsReadyEventsAsDue, Rule::NextDue),
    (Flaw::ForgetsClaims, Rule::ClaimedDeath),
    (Flaw::AcceptsOldClaims, Rule::LastDeath),
    (Flaw::RecordsFirstSuccesses, Rule::FailedAttempt),
    (Flaw::RepeatsTheFirstReport, Rule::AttemptsApart),
    (Flaw::LosesInterruptions, Rule::InterruptedAttempt),
    (Flaw::RecordsStaleReports, Rule::StaleReport),
    (Flaw::RecordsReleasedAttempts, Rule::StaleReport),
    (Flaw::KeepsOnlyTheLastAttempts, Rule::KeptAttempts),
    (Flaw::NeverRaisesTheRun, Rule::Runs),
    (Flaw::LeasesTheFirstRun, Rule::Runs),
    (Flaw::StartsAttemptsInThePast, Rule::FailedAttempt),
    (Flaw::KeepsAttemptsWithoutData, Rule::DroppedAttempts),
    (Flaw::GroupsAllTypes, Rule::ErrorGroups),
    (Flaw::OverwritesFigures, Rule::Figures),
    (Flaw::RemovesHoursWithMinutes, Rule::OldFigures),
    (Flaw::IgnoresTheStep, Rule::StatisticsStep),
    (Flaw::RepeatsAuditNumbers, Rule::Audit),
    (Flaw::ReusesAuditNumbers, Rule::OldActions),
    (Flaw::PrunesAuditAtAnyAge, Rule::OldActions),
    (Flaw::PrunesAuditWithoutBound, Rule::OldActions),
    (Flaw::IgnoresGroups, Rule::GroupLimits),
    (Flaw::LeasesFloodsFirst, Rule::FairLease),
    (Flaw::LeavesIdleGroupsOut, Rule::IdleGroup),
    (Flaw::ForgetsQueuesOnReplay, Rule::KeptQueue),
    (Flaw::LeasesPausedEvents, Rule::Paused),
    (Flaw::CountsPausedEventsAsReady, Rule::Paused),
    (Flaw::PausesExactTypesOnly, Rule::PausedPattern),
    (Flaw::OrdersLanesByArrival, Rule::LaneOrder),
    (Flaw::PromotesTwo, Rule::LaneSuccessor),
    (Flaw::PromotesNone, Rule::LaneSuccessor),
    (Flaw::LosesTheOrderOnRetry, Rule::LaneRetry),
    (Flaw::PromotesInOneLane, Rule::LanesApart),
    (Flaw::HasOneLane, Rule::LanesApart),
    (Flaw::LooksForTheHeadBeforeItInserts, Rule::ConcurrentLanes),
    (Flaw::ForgetsLanesOnReplay, Rule::LaneReplay),
    (Flaw::ForgetsLanesOnReplay, Rule::KeptLane),
    (Flaw::MovesReplayedHeads, Rule::LaneReplayDelayed),
    (Flaw::DiscardsWithoutPromotion, Rule::LaneDiscard),
    (Flaw::DiscardsWithoutPromotion, Rule::OperatedLanes),
    (Flaw::CountsWaitingEventsAsReady, Rule::Waiting),
    (Flaw::ComparesHalfALane, Rule::LaneFilter),
    (Flaw::ReplaysEveryLane, Rule::LaneFilter),
    (Flaw::DiscardsEveryLane, Rule::LaneFilter),
    (Flaw::LeasesPausedEvents, Rule::PausedLane),
    (Flaw::ForgetsLanesOnRestart, Rule::RestartedLanes),
    (Flaw::AcknowledgesBeforeItStores, Rule::Restart),
    (Flaw::LeavesATransactionOpen, Rule::DroppedCalls),
];

#[tokio::test]
async fn each_flaw_is_found_by_its_rule() {
    for (flaw, rule) in FLAWS {
        let checked = rule.check(Ours(FlawedStore::new(Some(*flaw)))).await;
        let broken = checked.expect_err(&format!("{flaw:?} is not found by {rule}"));
        assert_eq!(broken.rule(), *rule);
        let message = broken.to_string();
        for part in [rule.name(), "when:", "expected:", "found:", rule.help()] {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[tokio::test]
async fn a_store_without_a_flaw_keeps_every_rule() {
    for rule in Rule::ALL {
        assert_eq!(rule.check(Ours(FlawedStore::new(None))).await, Ok(Verdict::Kept), "{rule}");
    }
}

#[test]
fn each_rule_finds_a_flaw() {
    let finds = |rule: &&Rule| FLAWS.iter().any(|(_, finder)| finder == *rule);
    let idle: Vec<_> = Rule::ALL.iter().filter(|rule| !finds(rule)).collect();
    assert!(idle.is_empty(), "no flaw is found by {idle:?}");
}
