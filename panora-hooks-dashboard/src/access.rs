//! Permissions of a request.

/// The permissions of the sender of a request.
///
/// ```
/// use panora_hooks_dashboard::Access;
///
/// let support = Access::read().named("grace");
/// let admin = Access::operate().with_data().named("ada");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    level: Level,
    has_data: bool,
    name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Deny,
    Read,
    Operate,
}

/// The most characters of a name that are kept.
const MAX_NAME_CHARS: usize = 128;

impl Access {
    /// Permits nothing: every request is answered with 404, without a body.
    #[must_use]
    pub const fn deny() -> Self {
        Self::new(Level::Deny)
    }

    /// Permits every page. Values of payloads are hidden.
    #[must_use]
    pub const fn read() -> Self {
        Self::new(Level::Read)
    }

    /// Permits every page, and to replay and drop events. Values of payloads are hidden.
    #[must_use]
    pub const fn operate() -> Self {
        Self::new(Level::Operate)
    }

    /// Permits revealing payloads too, except for credentials. Each reveal is recorded in the
    /// audit.
    #[must_use]
    pub fn with_data(self) -> Self {
        Self { has_data: true, ..self }
    }

    /// Sets the name that the audit shows. Only its first 128 characters are kept.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into().chars().take(MAX_NAME_CHARS).collect()), ..self }
    }

    const fn new(level: Level) -> Self {
        Self { level, has_data: false, name: None }
    }

    pub(crate) fn is_denied(&self) -> bool {
        self.level == Level::Deny
    }

    pub(crate) fn may_operate(&self) -> bool {
        self.level == Level::Operate
    }

    pub(crate) fn may_reveal(&self) -> bool {
        self.level >= Level::Read && self.has_data
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}
