//! "Did you mean": the candidate that a misspelled name was probably meant to be.

use strsim::damerau_levenshtein;

/// The closest of `candidates`, if it is close enough to be worth saying.
///
/// Names of as many segments are compared segment by segment, so that `crm.contct.created` is close to
/// `crm.contact.created`, but `crm.deal.updated` is not close to `crm.deal.created`.
pub(crate) fn closest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .filter_map(|candidate| Some((distance(name, candidate)?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(name: &str, candidate: &str) -> Option<usize> {
    if name.split('.').count() != candidate.split('.').count() {
        let edits = damerau_levenshtein(name, candidate);
        return (edits <= 2).then_some(edits);
    }
    name.split('.').zip(candidate.split('.')).try_fold(0, |sum, (segment, candidate)| {
        let edits = damerau_levenshtein(segment, candidate);
        (edits <= (candidate.len() / 3).max(1)).then_some(sum + edits)
    })
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
