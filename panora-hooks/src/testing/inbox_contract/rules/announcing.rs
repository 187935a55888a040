//! Announcing dead events.

use crate::{
    inbox::{Capability, Decision, EventKey, Inbox, LeaseToken, Select, Settlement},
    testing::inbox_contract::{
        Harness,
        check::{Checked, same, succeeds},
        subject::{ALL, HOUR, MINUTE, Subject},
    },
};

impl<H: Harness> Subject<H> {
    /// Stores an event, and buries it so that its death has to be announced.
    async fn buried(&self, name: &str) -> Checked<EventKey> {
        let key = self.store_contact(name).await?;
        self.bury_ready().await?;
        Ok(key)
    }

    async fn bury_ready(&self) -> Checked {
        let leased = self.lease_one("one event is ready").await?;
        let bury = Settlement::new(leased.token, Decision::Bury("no use".to_owned())).announce();
        self.settle(vec![bury]).await.map(drop)
    }

    /// Claims dead events for an hour, and returns their keys and the claims.
    async fn claim_dead(&self, max: u32) -> Checked<(Vec<EventKey>, Vec<LeaseToken>)> {
        let claims = succeeds("claim_dead", self.inbox.claim_dead(max, HOUR).await)?;
        Ok((claims.iter().map(|claim| claim.key()).collect(), claims))
    }

    async fn announced(&self, claims: Vec<LeaseToken>) -> Checked<u64> {
        succeeds("announced", self.inbox.announced(claims).await)
    }
}

pub(crate) async fn a_death_is_claimed_until_it_was_announced<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Announce)?;
    store.settled("not announced", Decision::Bury("no use".to_owned())).await?;
    store.store_contact("succeeds").await?;
    let leased = store.lease_one("one event is ready").await?;
    let complete = Settlement::new(leased.token, Decision::Complete).announce();
    store.settle(vec![complete]).await?;
    let when = "an event was buried without `Settlement::announce`, and one succeeded with it";
    same(when, Vec::new(), store.claim_dead(ALL).await?.0)?;

    let [first, second, third] =
        [store.buried("first").await?, store.buried("second").await?, store.buried("third").await?];
    let (keys, claims) = store.claim_dead(1).await?;
    same("three events were buried, and one claim is asked for", vec![first], keys)?;
    let (keys, late) = store.claim_dead(ALL).await?;
    same("the first of three events was claimed", vec![second, third], keys)?;
    same("every event was claimed", Vec::new(), store.claim_dead(ALL).await?.0)?;
    same("an event was announced", 1, store.announced(claims.clone()).await?)?;
    same("an event was announced twice", 0, store.announced(claims).await?)?;

    store.advance(HOUR + MINUTE).await?;
    let (keys, claims) = store.claim_dead(ALL).await?;
    same("the claims of two events have expired", vec![second, third], keys)?;
    let when = "a claim has expired, and the event was claimed again";
    same(when, 0, store.announced(late).await?)?;
    same("two events were announced", 2, store.announced(claims).await?)?;
    store.advance(HOUR + MINUTE).await?;
    same("every event was announced", Vec::new(), store.claim_dead(ALL).await?.0)
}

pub(crate) async fn only_the_last_death_is_announced<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Announce)?;
    let key = store.buried("ada").await?;
    let (_, claims) = store.claim_dead(ALL).await?;
    let replay = async || succeeds("replay", store.inbox.replay(Select::Keys(vec![key]), 1).await);
    same("a dead event is replayed", 1, replay().await?)?;
    let when = "a dead event was claimed and replayed";
    same(when, 0, store.announced(claims.clone()).await?)?;
    store.bury_ready().await?;
    let when = "an event was claimed, replayed and buried again";
    same(when, 0, store.announced(claims).await?)?;
    same(when, vec![key], store.claim_dead(ALL).await?.0)?;
    same("a dead event is replayed", 1, replay().await?)?;
    let leased = store.lease_one("one event is ready").await?;
    store.apply(leased.token, Decision::Bury("no use".to_owned())).await?;
    store.advance(HOUR + MINUTE).await?;
    let when = "an event was buried with `Settlement::announce`, replayed, and buried without it";
    same(when, Vec::new(), store.claim_dead(ALL).await?.0)
}
