//! From the endpoints that there are to those that there should be.

use std::{collections::BTreeSet, fmt};

use reqwest::Url;

use super::{
    ApiError, Client, Endpoint, NewEndpoint, Warning,
    warning::{self, View},
};
use crate::{models::DateTime, printable::Printable, verify::Verifier};

/// What there should be: one active endpoint at a URL, that subscribes to a receiver's events.
///
/// The API can change neither URL nor scope nor secret of an endpoint. So an endpoint is replaced: the new one is
/// created, the receiver accepts the secrets of both, and only then the old one is disabled.
#[derive(Debug, Clone)]
pub struct Desired {
    endpoint: NewEndpoint,
    accepted: Accepted,
    replaced: BTreeSet<String>,
}

/// Which secrets the receiver accepts.
#[derive(Debug, Clone)]
enum Accepted {
    Unknown,
    By(Verifier),
    All,
}

impl Desired {
    /// An endpoint that is active. Until it is said which secrets the receiver accepts, nothing is disabled.
    #[must_use]
    pub fn new(endpoint: NewEndpoint) -> Self {
        Self { endpoint, accepted: Accepted::Unknown, replaced: BTreeSet::new() }
    }

    /// Says that the receiver accepts what this verifier accepts.
    #[must_use]
    pub fn accepted_by(self, verifier: &Verifier) -> Self {
        Self { accepted: Accepted::By(verifier.clone()), ..self }
    }

    /// Says that the receiver accepts the secrets of all endpoints, the new one included.
    #[must_use]
    pub fn all_accepted(self) -> Self {
        Self { accepted: Accepted::All, ..self }
    }

    /// Replaces an endpoint although nothing is wrong with it, such as to rotate its secret, or to move to another URL.
    #[must_use]
    pub fn replacing(mut self, id: impl Into<String>) -> Self {
        self.replaced.insert(id.into());
        self
    }

    fn is_accepted(&self, endpoint: &Endpoint) -> bool {
        match &self.accepted {
            Accepted::Unknown => false,
            Accepted::By(verifier) => verifier.accepts(&endpoint.secret),
            Accepted::All => true,
        }
    }

    /// Whether an endpoint is what is desired, but for being active.
    fn is_met_by(&self, endpoint: &Endpoint) -> bool {
        let scope = |scope: &[String]| scope.iter().cloned().collect::<BTreeSet<_>>();
        !self.replaced.contains(&endpoint.id)
            && is_same_url(&endpoint.url, &self.endpoint.url)
            && scope(&endpoint.scope) == scope(&self.endpoint.scope)
    }
}

/// Whether deliveries to both go to the same receiver, which answers with and without a trailing slash.
fn is_same_url(a: &str, b: &str) -> bool {
    let normal = |text: &str| match Url::parse(text) {
        Ok(mut url) => {
            let path = url.path().trim_end_matches('/').to_owned();
            url.set_path(&path);
            url.into()
        }
        Err(_) => text.to_owned(),
    };
    normal(a) == normal(b)
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
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(NewEndpoint { url, scope, .. }) => {
                write!(f, "create an endpoint at `{}` for {} event types", Printable(url), scope.len())
            }
            Self::Accept { id: Some(id) } => {
                write!(f, "let the receiver accept the secret of endpoint `{}`", Printable(id))
            }
            Self::Accept { id: None } => f.write_str("let the receiver accept its secret, too"),
            Self::Disable { id } => write!(f, "disable endpoint `{}`", Printable(id)),
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
            is_same_url(&endpoint.url, &desired.endpoint.url) || desired.replaced.contains(&endpoint.id)
        };
        let (replaced, others): (Vec<_>, Vec<_>) = others.into_iter().partition(is_ours);
        let disabled: Vec<_> = met.chain(replaced).collect();

        let mut steps = Vec::new();
        if kept.is_none() {
            steps.push(Step::Create(desired.endpoint.clone()));
        }
        let is_accepted = match (kept, &desired.accepted) {
            (Some(kept), _) => desired.is_accepted(kept),
            (None, accepted) => matches!(accepted, Accepted::All),
        };
        let is_known = !matches!(desired.accepted, Accepted::Unknown);
        if !is_accepted && (is_known || !disabled.is_empty()) {
            steps.push(Step::Accept { id: kept.map(|kept| kept.id.clone()) });
        }
        steps.extend(disabled.iter().map(|endpoint| Step::Disable { id: endpoint.id.clone() }));
        let views: Vec<_> = [View {
            name: kept.map_or("the new one", |kept| &kept.id),
            url: &desired.endpoint.url,
            scope: desired.endpoint.scope.iter().map(String::as_str).collect(),
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
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Synced {
    /// The endpoint that was created, with its secret.
    pub created: Option<Endpoint>,
    /// The endpoints that were disabled.
    pub disabled: Vec<String>,
    /// What waits for the receiver to accept a secret. Once it does, sync again.
    pub left: Vec<Step>,
}

impl Client {
    /// What has to be done, as things are. Nothing is changed.
    ///
    /// # Errors
    ///
    /// As for [`list`](Self::list), or if one is to be [replaced](Desired::replacing) that is not there.
    pub async fn plan(&self, desired: &Desired) -> Result<Plan, ApiError> {
        let endpoints = self.list().await?;
        let is_known = |id: &&String| endpoints.iter().any(|endpoint| endpoint.id == **id);
        if let Some(id) = desired.replaced.iter().find(|id| !is_known(id)) {
            return Err(ApiError::UnknownEndpoint { id: id.clone() });
        }
        Ok(Plan::new(&endpoints, desired))
    }

    /// Does what has to be done, up to what waits for the receiver.
    ///
    /// It may be interrupted anywhere and called again: what was done is not done twice. Two at once may both create
    /// an endpoint; the next disables one of them.
    ///
    /// # Errors
    ///
    /// As for [`plan`](Self::plan), [`create`](Self::create) and [`disable`](Self::disable).
    pub async fn sync(&self, desired: &Desired) -> Result<Synced, ApiError> {
        let mut synced = Synced { created: None, disabled: Vec::new(), left: Vec::new() };
        let mut steps = self.plan(desired).await?.steps.into_iter();
        while let Some(step) = steps.next() {
            match step {
                Step::Create(endpoint) => synced.created = Some(self.create(&endpoint).await?),
                Step::Accept { id } => {
                    let id = id.or_else(|| synced.created.as_ref().map(|created| created.id.clone()));
                    synced.left.push(Step::Accept { id });
                    synced.left.extend(steps.by_ref());
                }
                Step::Disable { id } => {
                    self.disable(&id).await?;
                    synced.disabled.push(id);
                }
            }
        }
        Ok(synced)
    }
}
