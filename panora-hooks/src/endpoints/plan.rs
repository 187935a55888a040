//! From the endpoints that there are to those that there should be.

use std::{collections::BTreeSet, fmt};

use sha2::{Digest, Sha256};

use super::{
    ApiError, Client, Endpoint, NewEndpoint, Warning,
    endpoint::is_same_scope,
    place::{Place, is_same_url},
    warning::{self, View},
};
use crate::{
    models::DateTime,
    printable::{Printable, PrintableUrl},
    verify::Verifier,
};

/// What there should be: one active endpoint at a URL, that subscribes to a receiver's events.
///
/// The API can change neither URL nor scope nor secret of an endpoint. So an endpoint is replaced: the new one is
/// created, the receiver accepts the secrets of both, and only then the old one is disabled.
#[derive(Debug, Clone)]
pub struct Desired {
    endpoint: NewEndpoint,
    verifier: Option<Verifier>,
    is_assumed: bool,
    replaced: BTreeSet<String>,
}

impl Desired {
    /// An endpoint that is active. Until it is said which secrets the receiver accepts, nothing is disabled.
    #[must_use]
    pub fn new(endpoint: NewEndpoint) -> Self {
        Self { endpoint, verifier: None, is_assumed: false, replaced: BTreeSet::new() }
    }

    /// Says that the receiver, all processes of it, accepts what this verifier accepts.
    #[must_use]
    pub fn accepted_by(self, verifier: &Verifier) -> Self {
        Self { verifier: Some(verifier.clone()), ..self }
    }

    /// Does not wait for the receiver to accept the secret of the endpoint that stays: what it refuses meanwhile is
    /// lost.
    #[must_use]
    pub fn assume_accepted(self) -> Self {
        Self { is_assumed: true, ..self }
    }

    /// Replaces an endpoint although nothing is wrong with it, such as to rotate its secret, or to move to another URL.
    #[must_use]
    pub fn replacing(mut self, id: impl Into<String>) -> Self {
        self.replaced.insert(id.into());
        self
    }

    /// Whether the receiver is known to accept the secret of an endpoint.
    fn is_accepted(&self, endpoint: &Endpoint) -> bool {
        self.verifier.as_ref().is_some_and(|verifier| verifier.accepts(&endpoint.secret))
    }

    fn is_replaced(&self, endpoint: &Endpoint) -> bool {
        self.replaced.iter().any(|id| endpoint.has_id(id))
    }

    /// Whether an endpoint has the desired URL and scope, active or not.
    fn is_met_by(&self, endpoint: &Endpoint) -> bool {
        !self.is_replaced(endpoint)
            && is_same_url(&endpoint.url, &self.endpoint.url)
            && is_same_scope(&endpoint.scope, &self.endpoint.scope)
    }

    /// Returns a text that stands for the desired URL and scope.
    ///
    /// A new endpoint carries it in its description, which tells later runs what the endpoint was created for, whatever
    /// the API has stored.
    fn tag(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(Place::of(&self.endpoint.url).as_str());
        for name in names(&self.endpoint.scope) {
            hash.update("\n");
            hash.update(name);
        }
        let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("panora-hooks sync {digest}")
    }

    /// Returns the endpoint to create, with its tag.
    fn tagged(&self) -> NewEndpoint {
        let text = &self.endpoint.description;
        let tag = self.tag();
        let description = if text.is_empty() { tag } else { format!("{text} ({tag})") };
        self.endpoint.clone().description(description)
    }

    /// Refuses to create one endpoint after the other with an API that stores something else each time.
    fn check_earlier(&self, endpoints: &[Endpoint]) -> Result<(), ApiError> {
        let tag = self.tag();
        let mut earlier = endpoints
            .iter()
            .filter(|endpoint| endpoint.description.contains(&tag) && !self.is_replaced(endpoint));
        if let Some(endpoint) = earlier.clone().find(|endpoint| !self.is_met_by(endpoint)) {
            return Err(ApiError::Misstored { id: endpoint.id.clone() });
        }
        let place = Place::of(&self.endpoint.url);
        // Going back to an earlier scope takes a new endpoint.
        let is_served = endpoints
            .iter()
            .any(|endpoint| endpoint.is_active && Place::of(&endpoint.url).is_same_receiver(&place));
        match earlier.next_back() {
            Some(endpoint) if !is_served => Err(ApiError::Disabled { id: endpoint.id.clone() }),
            _ => Ok(()),
        }
    }
}

fn names(scope: &[String]) -> BTreeSet<&str> {
    scope.iter().map(String::as_str).collect()
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Create the endpoint.
    Create(NewEndpoint),
    /// Let the receiver accept the secret of an endpoint, beside those that it accepts already
    /// ([`Verifier::also_accept`]). Nobody else can do that; what comes after it waits.
    Accept {
        /// The endpoint; `None` for the one to be created.
        id: Option<String>,
    },
    /// Disable an endpoint that is replaced.
    Disable {
        /// The endpoint.
        id: String,
        /// The names that it subscribes to and the one that is desired does not.
        dropped: Vec<String>,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(NewEndpoint { url, scope, .. }) => {
                write!(f, "create an endpoint at `{}` for {} event types", PrintableUrl(url), scope.len())
            }
            Self::Accept { id: Some(id) } => {
                write!(f, "let the receiver accept the secret of endpoint `{}`", Printable(id))
            }
            Self::Accept { id: None } => f.write_str("let the receiver accept its secret, too"),
            Self::Disable { id, dropped } if dropped.is_empty() => {
                write!(f, "disable endpoint `{}`", Printable(id))
            }
            Self::Disable { id, dropped } => {
                write!(f, "disable endpoint `{}`, and with it {}", Printable(id), warning::list(dropped))
            }
        }
    }
}

/// The endpoints that a plan depends on, as they are expected before its next step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Expected {
    url: String,
    endpoints: Vec<Endpoint>,
    /// The endpoints whose change failed: it may have happened.
    doubtful: Vec<String>,
}

impl Expected {
    /// Returns the first difference to the endpoints that there are now.
    fn change(&self, found: &[Endpoint]) -> Option<String> {
        let place = Place::of(&self.url);
        let known = |id: &str| self.endpoints.iter().any(|endpoint| endpoint.has_id(id));
        let change = |expected: &Endpoint| {
            let id = Printable(&expected.id);
            let Some(now) = found.iter().find(|endpoint| endpoint.has_id(&expected.id)) else {
                return Some(format!("endpoint `{id}` is gone"));
            };
            let is_doubtful = self.doubtful.contains(&expected.id);
            if !is_same_url(&now.url, &expected.url) {
                Some(format!("endpoint `{id}` has another URL"))
            } else if !is_same_scope(&now.scope, &expected.scope) {
                Some(format!("endpoint `{id}` has another scope"))
            } else if now.secret != expected.secret {
                Some(format!("endpoint `{id}` has another secret"))
            } else if now.is_active != expected.is_active && !is_doubtful {
                let state = if now.is_active { "active" } else { "disabled" };
                Some(format!("endpoint `{id}` is {state}"))
            } else {
                None
            }
        };
        let is_new =
            |endpoint: &&Endpoint| !known(&endpoint.id) && Place::of(&endpoint.url).is_same_receiver(&place);
        self.endpoints.iter().find_map(change).or_else(|| {
            let new = found.iter().find(is_new)?;
            Some(format!("endpoint `{}` is new at this URL", Printable(&new.id)))
        })
    }

    fn set_active(&mut self, id: &str, is_active: bool) {
        for endpoint in self.endpoints.iter_mut().filter(|endpoint| endpoint.has_id(id)) {
            endpoint.is_active = is_active;
        }
    }
}

/// The steps from the endpoints that there are to the desired ones.
///
/// [`Client::apply`] carries out these steps and no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    expected: Expected,
    kept: Option<String>,
    steps: Vec<Step>,
    warnings: Vec<Warning>,
}

impl Plan {
    /// What makes `endpoints`, which are all of the project, what is desired.
    ///
    /// An endpoint that is not active is left alone: somebody has disabled it, perhaps since its secret leaked. So are
    /// those at other URLs, unless they are to be [replaced](Desired::replacing).
    #[must_use]
    pub fn new(endpoints: &[Endpoint], desired: &Desired) -> Self {
        let active = endpoints.iter().filter(|endpoint| endpoint.is_active);
        let (mut met, others): (Vec<_>, Vec<_>) = active.partition(|endpoint| desired.is_met_by(endpoint));
        // That whose secret is in use, then the one that has been there longest: it is the same each time.
        met.sort_by_key(|endpoint| {
            let created_at = endpoint.created_at.as_ref().map(DateTime::as_str);
            (!desired.is_accepted(endpoint), created_at, &endpoint.id)
        });
        let mut met = met.into_iter();
        let kept = met.next();
        let place = Place::of(&desired.endpoint.url);
        let is_ours = |endpoint: &&Endpoint| {
            Place::of(&endpoint.url).is_same_receiver(&place) || desired.is_replaced(endpoint)
        };
        let expected = Expected {
            url: desired.endpoint.url.clone(),
            endpoints: endpoints.iter().filter(is_ours).cloned().collect(),
            doubtful: Vec::new(),
        };
        let (replaced, others): (Vec<_>, Vec<_>) = others.into_iter().partition(is_ours);
        let disabled: Vec<_> = met.chain(replaced).collect();

        let mut steps = Vec::new();
        if kept.is_none() {
            steps.push(Step::Create(desired.tagged()));
        }
        let is_accepted = desired.is_assumed || kept.is_some_and(|kept| desired.is_accepted(kept));
        if !is_accepted && (desired.verifier.is_some() || !disabled.is_empty()) {
            steps.push(Step::Accept { id: kept.map(|kept| kept.id.clone()) });
        }
        let scope = names(&desired.endpoint.scope);
        steps.extend(disabled.iter().map(|endpoint| {
            let dropped = names(&endpoint.scope).difference(&scope).map(|name| (*name).to_owned()).collect();
            Step::Disable { id: endpoint.id.clone(), dropped }
        }));
        let views: Vec<_> = [View {
            name: kept.map_or("the new one", |kept| &kept.id),
            url: &desired.endpoint.url,
            scope,
            project: kept.and_then(|kept| kept.project_id.as_deref()),
        }]
        .into_iter()
        .chain(others.into_iter().map(View::of))
        .collect();
        let kept = kept.map(|kept| kept.id.clone());
        Self { expected, kept, steps, warnings: warning::of_views(&views) }
    }

    /// What has to be done, in this order; empty if all is as desired.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The endpoint that is as desired already, if one is.
    #[must_use]
    pub fn kept(&self) -> Option<&str> {
        self.kept.as_deref()
    }

    /// What is wrong with the active endpoints once all is done.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// What was done, and what is left to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Synced {
    /// The endpoint that was as desired already, if one was.
    pub kept: Option<String>,
    /// The endpoint that was created, with its secret.
    pub created: Option<Endpoint>,
    /// The endpoints that were disabled.
    pub disabled: Vec<String>,
    /// What waits for the receiver to accept a secret; after an error, all that was not done. Sync again.
    pub left: Vec<Step>,
    /// What is wrong with the active endpoints once all is done.
    pub warnings: Vec<Warning>,
    expected: Expected,
}

/// Why not all of a plan was carried out. It may be planned anew.
#[derive(Debug, thiserror::Error)]
#[error("the endpoints are not as they should be yet: sync again")]
#[non_exhaustive]
pub struct SyncError {
    /// What was done before, such as an endpoint that was created: it is active.
    pub synced: Box<Synced>,
    /// Why it did not go on.
    #[source]
    pub cause: ApiError,
}

impl From<ApiError> for SyncError {
    /// Nothing was done before.
    fn from(cause: ApiError) -> Self {
        Self { synced: Box::default(), cause }
    }
}

impl Client {
    /// What has to be done, as things are. Nothing is changed.
    ///
    /// # Errors
    ///
    /// As for [`list`](Self::list), or if one is to be [replaced](Desired::replacing) that is not there, or the
    /// endpoint that is desired would get nothing.
    pub async fn plan(&self, desired: &Desired) -> Result<Plan, ApiError> {
        desired.endpoint.check()?;
        let endpoints = self.list().await?;
        let is_known = |id: &&String| endpoints.iter().any(|endpoint| endpoint.has_id(id));
        if let Some(id) = desired.replaced.iter().find(|id| !is_known(id)) {
            return Err(ApiError::UnknownEndpoint { id: id.clone() });
        }
        let plan = Plan::new(&endpoints, desired);
        if plan.kept.is_none() {
            desired.check_earlier(&endpoints)?;
        }
        Ok(plan)
    }

    /// Carries out a plan, up to the step that waits for the receiver.
    ///
    /// Before each change the endpoints are compared with those that the plan was made for. An endpoint that cannot be
    /// disabled does not keep the others from being disabled. A plan may be interrupted anywhere: make a new one then.
    ///
    /// # Errors
    ///
    /// Returns [`ApiError::Changed`] if the endpoints have changed meanwhile, and the errors of
    /// [`create`](Self::create) and [`disable`](Self::disable), with what was done before.
    pub async fn apply(&self, plan: Plan) -> Result<Synced, SyncError> {
        let Plan { expected, kept, steps, warnings } = plan;
        self.carry_out(Synced { kept, warnings, expected, left: steps, ..Synced::default() }, false).await
    }

    /// Carries out the steps that are [left](Synced::left), once the receiver accepts the secrets.
    ///
    /// # Errors
    ///
    /// As for [`apply`](Self::apply).
    pub async fn resume(&self, synced: Synced) -> Result<Synced, SyncError> {
        self.carry_out(synced, true).await
    }

    async fn carry_out(&self, mut synced: Synced, is_accepted: bool) -> Result<Synced, SyncError> {
        let mut steps = std::mem::take(&mut synced.left).into_iter();
        let mut failed = None;
        while let Some(step) = steps.next() {
            if let Step::Accept { id } = &step {
                if is_accepted {
                    continue;
                }
                let id = id.clone().or_else(|| synced.created.as_ref().map(|created| created.id.clone()));
                synced.left.push(Step::Accept { id });
                synced.left.extend(steps);
                break;
            }
            if let Err(cause) = self.change(&step, &mut synced).await {
                let is_last = !(matches!(step, Step::Disable { .. }) && cause.is_of_one_endpoint());
                if let Step::Disable { id, .. } = &step {
                    synced.expected.doubtful.push(id.clone());
                }
                synced.left.push(step);
                failed.get_or_insert(cause);
                if is_last {
                    synced.left.extend(steps);
                    break;
                }
            }
        }
        match failed {
            Some(cause) => Err(SyncError { synced: Box::new(synced), cause }),
            None => Ok(synced),
        }
    }

    /// Makes one change, if the endpoints are as expected.
    async fn change(&self, step: &Step, synced: &mut Synced) -> Result<(), ApiError> {
        let found = self.list().await?;
        if let Some(change) = synced.expected.change(&found) {
            return Err(ApiError::Changed(change));
        }
        match step {
            Step::Create(endpoint) => {
                let created = self.create(endpoint).await?;
                synced.expected.endpoints.push(created.clone());
                synced.created = Some(created);
            }
            Step::Disable { id, .. } => {
                self.disable(id).await?;
                synced.expected.set_active(id, false);
                synced.disabled.push(id.clone());
            }
            Step::Accept { .. } => {}
        }
        Ok(())
    }

    /// Plans, and carries the plan out.
    ///
    /// It may be interrupted anywhere and called again: what was done is not done twice. Two at once may both create
    /// an endpoint; the next disables one of them.
    ///
    /// # Errors
    ///
    /// As for [`plan`](Self::plan) and [`apply`](Self::apply).
    pub async fn sync(&self, desired: &Desired) -> Result<Synced, SyncError> {
        self.apply(self.plan(desired).await?).await
    }
}
