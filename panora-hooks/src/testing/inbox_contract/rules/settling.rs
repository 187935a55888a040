//! A lease is settled once, by its own token.

use std::{collections::HashSet, time::Duration};

use crate::{
    inbox::{Decision, EventState, LeaseToken, Settled, Settlement},
    testing::inbox_contract::{
        Harness,
        check::{Checked, holds, same},
        events::contact,
        subject::{HOUR, LEASE, SECOND, Subject, YEAR},
    },
};

/// Every decision, each of which would change an event that is leased.
fn decisions() -> [Decision; 5] {
    [
        Decision::Complete,
        Decision::RetryAfter(Duration::ZERO),
        Decision::Bury("late".to_owned()),
        Decision::Extend(HOUR),
        Decision::Release,
    ]
}

pub(crate) async fn a_stale_token_settles_nothing<H: Harness>(store: Subject<H>) -> Checked {
    let key = store.store_contact("ada").await?;
    let stale = store.lease_one("an event is stored").await?.token;
    store.advance(LEASE + SECOND).await?;
    let token = store.lease_one("a lease has expired").await?.token;
    for decision in decisions() {
        let when =
            format!("the token of an expired lease, whose event is leased again, settles with {decision:?}");
        same(&when, Settled::Stale, store.settle_one(stale, decision).await?)?;
        store.is_in(&when, key, EventState::Leased).await?;
    }
    store.advance(LEASE / 2).await?;
    store.lease_none("a stale token has tried to change a lease of 60 s, 30 s ago").await?;
    let settlements = vec![
        Settlement::new(stale, Decision::Complete),
        Settlement::new(token, Decision::Complete),
        Settlement::new(token, Decision::Release),
    ];
    let when = "a stale token, a valid one and the same again settle together";
    let expected = vec![Settled::Stale, Settled::Applied, Settled::Stale];
    same(when, expected, store.settle(settlements).await?)?;
    store.is_in(when, key, EventState::Done).await?;
    for decision in decisions() {
        let when = format!("a token that has completed its event settles with {decision:?}");
        same(&when, Settled::Stale, store.settle_one(token, decision).await?)?;
        store.is_in(&when, key, EventState::Done).await?;
    }
    Ok(())
}

pub(crate) async fn each_lease_has_a_token_of_its_own<H: Harness>(store: Subject<H>) -> Checked {
    let key = store.store_contact("ada").await?;
    let mut tokens: Vec<LeaseToken> = Vec::new();
    for _ in 0..20 {
        let token = store.lease_one("the previous lease was released").await?.token;
        let when = "an event is leased again and again";
        holds(when, !tokens.contains(&token), "a token that was never given before", token)?;
        for stale in &tokens {
            let settled = store.settle_one(*stale, Decision::Complete).await?;
            same("a token of an earlier lease settles", Settled::Stale, settled)?;
        }
        tokens.push(token);
        store.apply(token, Decision::Release).await?;
    }
    let token = store.lease_one("the previous lease was released").await?.token;
    let unknown = [
        LeaseToken::new(key, token.fence() ^ 1),
        LeaseToken::new(key, token.fence() ^ 1 << 64),
        LeaseToken::new(key, token.fence() ^ 1 << 127),
    ];
    for unknown in unknown.into_iter().filter(|unknown| !tokens.contains(unknown)) {
        let settled = store.settle_one(unknown, Decision::Complete).await?;
        same(format_args!("a token that no lease has settles: {unknown:?}"), Settled::Stale, settled)?;
    }
    store.is_in("tokens of other leases have settled", key, EventState::Leased).await
}

pub(crate) async fn settlements_are_independent<H: Harness>(store: Subject<H>) -> Checked {
    let puts = store.put((0..5).map(|number| contact(format!("number {number}"))).collect()).await?;
    let leased = store.lease_all().await?;
    let decisions = [
        (Decision::Complete, EventState::Done),
        (Decision::RetryAfter(HOUR), EventState::Delayed),
        (Decision::Bury("no use".to_owned()), EventState::Dead),
        (Decision::Extend(HOUR), EventState::Leased),
        (Decision::Release, EventState::Ready),
    ];
    let when = "five events are settled together, each in another way";
    same(when, puts.len(), leased.len())?;
    let settlements = leased
        .iter()
        .zip(&decisions)
        .map(|(leased, (decision, _))| Settlement::new(leased.token, decision.clone()));
    same(when, vec![Settled::Applied; 5], store.settle(settlements.collect()).await?)?;
    for (leased, (decision, state)) in leased.iter().zip(decisions) {
        let when = format!("{when}: this one with {decision:?}");
        store.is_in(&when, leased.token.key(), state).await?;
    }
    let tokens: HashSet<_> = leased.iter().map(|leased| leased.token).collect();
    same("five events are leased together: each has a token", 5, tokens.len())
}

pub(crate) async fn an_extended_lease_lasts_longer<H: Harness>(store: Subject<H>) -> Checked {
    store.store_contact("ada").await?;
    let token = store.lease_one("an event is stored").await?.token;
    for _ in 0..2 {
        store.advance(45 * SECOND).await?;
        store.apply(token, Decision::Extend(LEASE)).await?;
    }
    store.advance(45 * SECOND).await?;
    store.lease_none("a lease was extended by 60 s, 45 s ago").await?;
    store.apply(token, Decision::Complete).await?;

    store.store_contact("grace").await?;
    let token = store.lease_one("an event is stored").await?.token;
    store.apply(token, Decision::Extend(10 * SECOND)).await?;
    store.advance(11 * SECOND).await?;
    store.lease_one("a lease ends 10 s after it was extended by 10 s, and that was 11 s ago").await.map(drop)
}

pub(crate) async fn a_retry_waits_for_its_delay<H: Harness>(store: Subject<H>) -> Checked {
    let key = store.settled("ada", Decision::RetryAfter(100 * SECOND)).await?;
    let when = "an event is to run again after 100 s";
    let info = store.info(when, key).await?;
    same(when, (EventState::Delayed, 1), (info.state, info.attempts))?;
    holds(when, info.until.is_some(), "`until` says when", info.until)?;
    store.lease_none(when).await?;
    store.advance(90 * SECOND).await?;
    store.lease_none("an event is to run again after 100 s, and failed 90 s ago").await?;
    store.advance(11 * SECOND).await?;
    let when = "an event is to run again after 100 s, and failed 101 s ago";
    let leased = store.lease_one(when).await?;
    same(when, (2, false), (leased.attempt, leased.is_interrupted))?;
    store.apply(leased.token, Decision::RetryAfter(10 * YEAR)).await?;
    store.advance(YEAR).await?;
    store.lease_none("an event is to run again after 10 years, and failed a year ago").await
}

pub(crate) async fn a_released_event_was_not_attempted<H: Harness>(store: Subject<H>) -> Checked {
    let key = store.store_contact("ada").await?;
    for _ in 0..3 {
        let when = "every lease of an event was released";
        let leased = store.lease_one(when).await?;
        same(when, (1, false), (leased.attempt, leased.is_interrupted))?;
        store.apply(leased.token, Decision::Release).await?;
        let info = store.info(when, key).await?;
        same(when, (EventState::Ready, 0), (info.state, info.attempts))?;
    }
    Ok(())
}

pub(crate) async fn a_dead_event_keeps_its_data_and_reason<H: Harness>(store: Subject<H>) -> Checked {
    let key = store.settled("ada", Decision::Bury("no such mailbox".to_owned())).await?;
    let when = "an event is dead";
    let stored = store.stored(when, key).await?;
    same(when, (EventState::Dead, 1), (stored.info.state, stored.info.attempts))?;
    same(when, Some("no such mailbox"), stored.info.reason.as_deref())?;
    same(when, Some(contact("ada").data()), stored.data.as_deref())?;
    store.lease_none(when).await?;
    store.advance(YEAR).await?;
    store.lease_none("an event has been dead for a year").await
}
