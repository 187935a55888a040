//! "Did you mean": finds the candidate that a misspelled name was probably meant to be.

use strsim::damerau_levenshtein;

/// The highest number of typing errors in a name that gets a suggestion.
const MAX_ERRORS: usize = 2;

/// Returns the closest of `candidates` if it is at most two typing errors away, or one if the
/// candidate is short.
///
/// The command-line tool has the same function, because a crate of macros cannot export it.
pub(crate) fn closest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let errors = |candidate| (damerau_levenshtein(name, candidate), candidate);
    let is_close =
        |(errors, candidate): &(usize, &str)| *errors <= (candidate.len() / 3).clamp(1, MAX_ERRORS);
    candidates.map(errors).filter(is_close).min_by_key(|(errors, _)| *errors).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closest_event(name: &str) -> Option<&'static str> {
        closest(name, crate::catalogue::names())
    }

    #[test]
    fn a_slip_finds_its_name() {
        assert_eq!(closest_event("crm.contct.created"), Some("crm.contact.created"));
        assert_eq!(closest_event("crm.contact.create"), Some("crm.contact.created"));
        assert_eq!(closest_event("crm.contact.pull"), Some("crm.contact.pulled"));
        assert_eq!(closest_event("conection.created"), Some("connection.created"));
        assert_eq!(closest_event("tickting.tikcet.created"), Some("ticketing.ticket.created"));
        assert_eq!(closest_event("crmcontact.created"), Some("crm.contact.created"));
    }

    #[test]
    fn another_name_finds_nothing() {
        assert_eq!(closest_event("crm.invoice.created"), None);
        assert_eq!(closest_event("crm.stage.deleted"), None);
        assert_eq!(closest_event("payments.refund.settled"), None);
    }
}
