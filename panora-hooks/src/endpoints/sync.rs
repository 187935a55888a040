//! Execution of plans.

use super::{ApiError, Client, Desired, Endpoint, Plan, Step, Warning, expected::Expected};

/// The result of a plan: the changes made, and the steps that are left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Synced {
    /// The endpoint that was as desired already, if there was one.
    pub kept: Option<String>,
    /// The endpoint that was created, with its secret.
    pub created: Option<Endpoint>,
    /// The endpoints that were disabled.
    pub disabled: Vec<String>,
    /// The steps that wait for the receiver to accept a secret; after an error, all steps that were
    /// not done.
    pub left: Vec<Step>,
    /// The problems of the active endpoints once all steps are done.
    pub warnings: Vec<Warning>,
    expected: Expected,
}

/// The error of a plan that was not carried out completely.
#[derive(Debug, thiserror::Error)]
#[error("the endpoints are not as they should be yet: sync again")]
#[non_exhaustive]
pub struct SyncError {
    /// The changes made before the error. An endpoint among them that was created is active.
    pub synced: Box<Synced>,
    /// The error that stopped the plan, or the first one if several endpoints could not be
    /// disabled.
    #[source]
    pub cause: ApiError,
}

impl From<ApiError> for SyncError {
    /// Converts an error that occurred before any change.
    fn from(cause: ApiError) -> Self {
        Self { synced: Box::default(), cause }
    }
}

impl Client {
    /// Makes a plan without changing anything.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`list`](Self::list), and an error if an endpoint that is to be
    /// [replaced](Desired::replacing) does not exist, if the desired endpoint would receive
    /// nothing, or if an earlier endpoint was created for it and is [stored
    /// differently](ApiError::Misstored) or [disabled](ApiError::Disabled).
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
    /// Before each change the endpoints are compared with those that the plan was made for. An
    /// endpoint that cannot be disabled does not prevent the others from being disabled. A plan may
    /// be interrupted at any point: make a new one then.
    ///
    /// # Errors
    ///
    /// Returns [`ApiError::Changed`] if the endpoints have changed meanwhile, and the errors of
    /// [`create`](Self::create) and [`disable`](Self::disable), together with the changes made
    /// before.
    pub async fn apply(&self, plan: Plan) -> Result<Synced, SyncError> {
        let Plan { expected, kept, steps, warnings } = plan;
        self.carry_out(Synced { kept, warnings, expected, left: steps, ..Synced::default() }, false).await
    }

    /// Carries out the steps that are [left](Synced::left), once the receiver accepts the secrets.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`apply`](Self::apply).
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
        // The responses do not prove what the API has stored.
        let is_changed = synced.created.is_some() || !synced.disabled.is_empty();
        if failed.is_none() && is_changed {
            failed = self.check(&synced.expected).await.err();
        }
        match failed {
            Some(cause) => Err(SyncError { synced: Box::new(synced), cause }),
            None => Ok(synced),
        }
    }

    async fn check(&self, expected: &Expected) -> Result<(), ApiError> {
        expected.change(&self.list().await?).map_or(Ok(()), |change| Err(ApiError::Changed(change)))
    }

    /// Makes one change, if the endpoints are as expected.
    async fn change(&self, step: &Step, synced: &mut Synced) -> Result<(), ApiError> {
        self.check(&synced.expected).await?;
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

    /// Makes a plan and carries it out.
    ///
    /// A call may be interrupted at any point and repeated: the next call continues. Two concurrent
    /// calls may both create an endpoint; the next call disables one of them.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`plan`](Self::plan) and [`apply`](Self::apply).
    pub async fn sync(&self, desired: &Desired) -> Result<Synced, SyncError> {
        self.apply(self.plan(desired).await?).await
    }
}
