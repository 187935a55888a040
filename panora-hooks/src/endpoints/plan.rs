//! Plans: the steps from the current endpoints to the desired ones.

use std::{collections::BTreeSet, fmt};

use sha2::{Digest, Sha256};

use super::{
    ApiError, Endpoint, NewEndpoint, Warning,
    destination::{Destination, is_same_url},
    endpoint::is_same_scope,
    expected::Expected,
    warning::{self, View},
};
use crate::{
    models::DateTime,
    printable::{Printable, PrintableUrl},
    verify::Verifier,
};

/// The desired state: one active endpoint at a URL, which subscribes to a receiver's events.
///
/// The API can change neither URL nor scope nor secret of an endpoint. So an endpoint is replaced:
/// the new one is created, the receiver accepts the secrets of both, and only then is the old one
/// disabled.
#[derive(Debug, Clone)]
pub struct Desired {
    pub(super) endpoint: NewEndpoint,
    verifier: Option<Verifier>,
    is_assumed: bool,
    pub(super) replaced: BTreeSet<String>,
}

impl Desired {
    /// Returns the desired state with this endpoint active. Nothing is disabled until
    /// [`accepted_by`](Self::accepted_by) or [`assume_accepted`](Self::assume_accepted) states
    /// which secrets the receiver accepts.
    #[must_use]
    pub fn new(endpoint: NewEndpoint) -> Self {
        Self { endpoint, verifier: None, is_assumed: false, replaced: BTreeSet::new() }
    }

    /// States that every process of the receiver accepts the secrets of this verifier.
    #[must_use]
    pub fn accepted_by(self, verifier: &Verifier) -> Self {
        Self { verifier: Some(verifier.clone()), ..self }
    }

    /// Does not wait for the receiver to accept the secret of the endpoint that stays. Deliveries
    /// that the receiver refuses meanwhile are lost.
    #[must_use]
    pub fn assume_accepted(self) -> Self {
        Self { is_assumed: true, ..self }
    }

    /// Replaces an endpoint that would otherwise stay, for example to rotate its secret or to move
    /// to another URL.
    #[must_use]
    pub fn replacing(mut self, id: impl Into<String>) -> Self {
        self.replaced.insert(id.into());
        self
    }

    /// Returns whether the receiver is known to accept the secret of an endpoint.
    fn is_accepted(&self, endpoint: &Endpoint) -> bool {
        self.verifier.as_ref().is_some_and(|verifier| verifier.accepts(&endpoint.secret))
    }

    fn is_replaced(&self, endpoint: &Endpoint) -> bool {
        self.replaced.iter().any(|id| endpoint.has_id(id))
    }

    /// Returns whether an endpoint has the desired URL and scope, active or not.
    fn is_met_by(&self, endpoint: &Endpoint) -> bool {
        !self.is_replaced(endpoint)
            && is_same_url(&endpoint.url, &self.endpoint.url)
            && is_same_scope(&endpoint.scope, &self.endpoint.scope)
    }

    /// Returns a text that identifies the desired URL and scope.
    ///
    /// A new endpoint carries it in its description, which tells later runs the purpose of the
    /// endpoint even if the API stored something else.
    fn tag(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(Destination::of(&self.endpoint.url).as_str());
        for name in names(&self.endpoint.scope) {
            hash.update("\n");
            hash.update(name);
        }
        let digest =
            hash.finalize().iter().take(8).fold(0_u64, |digest, byte| digest << 8 | u64::from(*byte));
        format!("panora-hooks sync {digest:016x}")
    }

    /// Returns the endpoint to create, with its tag.
    fn tagged(&self) -> NewEndpoint {
        let text = &self.endpoint.description;
        let tag = self.tag();
        let description = if text.is_empty() { tag } else { format!("{text} ({tag})") };
        self.endpoint.clone().description(description)
    }

    /// Refuses to create another endpoint if the API stored an earlier one differently, so that
    /// repeated runs do not create one endpoint after the other.
    pub(super) fn check_earlier(&self, endpoints: &[Endpoint]) -> Result<(), ApiError> {
        let tag = self.tag();
        let mut earlier = endpoints
            .iter()
            .filter(|endpoint| endpoint.description.contains(&tag) && !self.is_replaced(endpoint));
        if let Some(endpoint) = earlier.clone().find(|endpoint| !self.is_met_by(endpoint)) {
            return Err(ApiError::Misstored { id: endpoint.id.clone() });
        }
        let destination = Destination::of(&self.endpoint.url);
        // A return to an earlier scope takes a new endpoint.
        let is_served = endpoints.iter().any(|endpoint| {
            endpoint.is_active && Destination::of(&endpoint.url).is_same_receiver(&destination)
        });
        match earlier.next_back() {
            Some(endpoint) if !is_served => Err(ApiError::Disabled { id: endpoint.id.clone() }),
            _ => Ok(()),
        }
    }
}

fn names(scope: &[String]) -> BTreeSet<&str> {
    scope.iter().map(String::as_str).collect()
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Create the endpoint.
    Create(NewEndpoint),
    /// Let the receiver accept the secret of an endpoint, in addition to those that it accepts
    /// already ([`Verifier::also_accept`]). The client cannot do that; the following steps wait for
    /// it.
    Accept {
        /// The endpoint; `None` for the one that is still to be created.
        id: Option<String>,
    },
    /// Disable an endpoint that is replaced.
    Disable {
        /// The endpoint.
        id: String,
        /// The names that this endpoint subscribes to and the desired one does not.
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

/// The steps from the current endpoints to the desired ones.
///
/// [`Client::apply`](super::Client::apply) carries out these steps and no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub(super) expected: Expected,
    pub(super) kept: Option<String>,
    pub(super) steps: Vec<Step>,
    pub(super) warnings: Vec<Warning>,
}

impl Plan {
    /// Returns the plan that turns `endpoints`, all endpoints of the project, into the desired
    /// ones.
    ///
    /// Inactive endpoints are left alone, since they may have been disabled because their secret
    /// leaked. Endpoints at other URLs are also left alone, unless they are to be
    /// [replaced](Desired::replacing).
    #[must_use]
    pub fn new(endpoints: &[Endpoint], desired: &Desired) -> Self {
        let active = endpoints.iter().filter(|endpoint| endpoint.is_active);
        let (mut met, others): (Vec<_>, Vec<_>) = active.partition(|endpoint| desired.is_met_by(endpoint));
        // Prefers an endpoint whose secret the receiver accepts, then the oldest one, so that the
        // choice is the same each time.
        met.sort_by_key(|endpoint| {
            let created_at = endpoint.created_at.as_ref().map(DateTime::as_str);
            (!desired.is_accepted(endpoint), created_at, &endpoint.id)
        });
        let mut met = met.into_iter();
        let kept = met.next();
        let destination = Destination::of(&desired.endpoint.url);
        let is_ours = |endpoint: &&Endpoint| {
            Destination::of(&endpoint.url).is_same_receiver(&destination) || desired.is_replaced(endpoint)
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

    /// Returns the steps, in order. Empty if the endpoints are as desired.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the endpoint that is as desired already, if there is one.
    #[must_use]
    pub fn kept(&self) -> Option<&str> {
        self.kept.as_deref()
    }

    /// Returns the problems of the active endpoints once all steps are done.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}
