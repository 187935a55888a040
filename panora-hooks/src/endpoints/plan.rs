//! From the endpoints that there are to those that there should be.

use std::{collections::BTreeSet, fmt};

use reqwest::Url;

use super::{
    ApiError, Client, Endpoint, NewEndpoint, Warning,
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

    /// Whether an endpoint is what is desired, but for being active.
    fn is_met_by(&self, endpoint: &Endpoint) -> bool {
        !self.replaced.contains(&endpoint.id)
            && is_same_url(&endpoint.url, &self.endpoint.url)
            && names(&endpoint.scope) == names(&self.endpoint.scope)
    }
}

fn names(scope: &[String]) -> BTreeSet<&str> {
    scope.iter().map(String::as_str).collect()
}

/// Whether deliveries to both go to one receiver, which may answer with and without a slash at the end.
fn is_same_receiver(a: &str, b: &str) -> bool {
    is_same_url(a.trim_end_matches('/'), b.trim_end_matches('/'))
}

/// Whether two texts are one URL. A slash at the end makes another: at a redirect to it events are lost.
fn is_same_url(a: &str, b: &str) -> bool {
    match (Url::parse(a), Url::parse(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
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

/// What has to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
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
        let is_ours = |endpoint: &&Endpoint| {
            is_same_receiver(&endpoint.url, &desired.endpoint.url) || desired.replaced.contains(&endpoint.id)
        };
        let (replaced, others): (Vec<_>, Vec<_>) = others.into_iter().partition(is_ours);
        let disabled: Vec<_> = met.chain(replaced).collect();

        let mut steps = Vec::new();
        if kept.is_none() {
            steps.push(Step::Create(desired.endpoint.clone()));
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
        Self { kept: kept.map(|kept| kept.id.clone()), steps, warnings: warning::of_views(&views) }
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
        let is_known = |id: &&String| endpoints.iter().any(|endpoint| endpoint.id == **id);
        if let Some(id) = desired.replaced.iter().find(|id| !is_known(id)) {
            return Err(ApiError::UnknownEndpoint { id: id.clone() });
        }
        Ok(Plan::new(&endpoints, desired))
    }

    /// Carries out a plan, up to what waits for the receiver.
    ///
    /// It may be interrupted anywhere. Then plan anew: what was done is not planned again.
    ///
    /// # Errors
    ///
    /// As for [`create`](Self::create) and [`disable`](Self::disable), with what was done before.
    pub async fn apply(&self, plan: Plan) -> Result<Synced, SyncError> {
        let Plan { kept, steps, warnings } = plan;
        let mut synced = Synced { kept, warnings, ..Synced::default() };
        let mut steps = steps.into_iter();
        while let Some(step) = steps.next() {
            let done = match &step {
                Step::Create(endpoint) => {
                    self.create(endpoint).await.map(|created| synced.created = Some(created))
                }
                Step::Accept { id } => {
                    let id = id.clone().or_else(|| synced.created.as_ref().map(|created| created.id.clone()));
                    synced.left = std::iter::once(Step::Accept { id }).chain(steps).collect();
                    return Ok(synced);
                }
                Step::Disable { id, .. } => self.disable(id).await.map(|()| synced.disabled.push(id.clone())),
            };
            if let Err(cause) = done {
                synced.left = std::iter::once(step).chain(steps).collect();
                return Err(SyncError { synced: Box::new(synced), cause });
            }
        }
        Ok(synced)
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
