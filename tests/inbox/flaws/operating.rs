//! Flaws of the groups of errors and of the audit.

use panora_hooks::inbox::{AuditEntry, Count, ErrorGroup, Inbox, InboxError};

use super::{flaw::Flaw, flawed::Flawed};

impl Flawed {
    pub(super) async fn largest_groups(&self, limit: u32) -> Result<Vec<ErrorGroup>, InboxError> {
        let mut groups = self.inner.error_groups(limit).await?;
        if self.has(Flaw::GroupsAllTypes) {
            let mut merged: Vec<ErrorGroup> = Vec::new();
            for group in groups {
                match merged.iter_mut().find(|other| other.fingerprint == group.fingerprint) {
                    Some(other) => {
                        other.count = Count::exactly(other.count.number() + group.count.number());
                    }
                    None => merged.push(group),
                }
            }
            groups = merged;
        }
        Ok(groups)
    }

    /// Gives two actions the same number, as two processes do that each add 1 to the last number.
    pub(super) async fn audit_with_repeated_numbers(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, InboxError> {
        let mut entries = self.inner.audit(None, u32::MAX).await?;
        for entry in &mut entries {
            entry.number /= 2;
        }
        entries.retain(|entry| before.is_none_or(|before| entry.number < before));
        entries.truncate(limit as usize);
        Ok(entries)
    }

    /// Numbers the actions from 1 on, as a store does that adds 1 to the last number that is left.
    pub(super) async fn audit_with_reused_numbers(&self) -> Result<Vec<AuditEntry>, InboxError> {
        let mut entries = self.inner.audit(None, u32::MAX).await?;
        for (number, entry) in (1..).zip(entries.iter_mut().rev()) {
            entry.number = number;
        }
        Ok(entries)
    }
}
