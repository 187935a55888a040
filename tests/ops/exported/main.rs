//! The dashboard and the alerts in `ops` name only metrics and labels that a receiver exports.

#[path = "../../support/ledger.rs"]
#[allow(dead_code)]
mod ledger;
mod page;
mod queries;
mod receiver;
#[path = "../../support/staged.rs"]
#[allow(dead_code, unreachable_pub)]
mod staged;

use promql_parser::{
    label::{MatchOp, Matcher},
    parser::{Expr, VectorSelector},
};

use crate::page::Page;

/// The labels that Prometheus adds to every series of a target.
const TARGET: [&str; 2] = ["job", "instance"];

#[test]
fn every_metric_and_label_in_the_alerts_and_the_dashboard_is_exported() {
    let page = Page::parse(&receiver::page_after_every_outcome());
    let queries = queries::all();
    let missing: Vec<_> = queries.iter().flat_map(|query| missing(query, &page)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Returns the parts of a query that the page does not have.
fn missing(query: &Expr, page: &Page) -> Vec<String> {
    let mut missing = Vec::new();
    for selector in queries::selectors(query) {
        let series: Vec<_> = page.series(name(&selector)).collect();
        if series.is_empty() {
            missing.push(format!("metric {selector}"));
        }
        let matchers = selector.matchers.matchers.iter();
        for matcher in matchers.filter(|matcher| !TARGET.contains(&&*matcher.name)) {
            for value in values(matcher) {
                if !series.iter().any(|labels| labels.get(&matcher.name).is_some_and(|found| found == value))
                {
                    missing.push(format!("{}=\"{value}\" of {selector}", matcher.name));
                }
            }
        }
    }
    for (labels, grouped) in queries::groupings(query) {
        for label in labels.iter().filter(|label| !TARGET.contains(&&***label)) {
            for selector in &grouped {
                if page.series(name(selector)).any(|labels| !labels.contains_key(label)) {
                    missing.push(format!("label {label} of {selector}"));
                }
            }
        }
    }
    missing
}

fn name(selector: &VectorSelector) -> &str {
    selector.name.as_deref().expect("a query names its metrics")
}

/// Returns the values in a matcher. A regular expression is a list of words here.
fn values(matcher: &Matcher) -> Vec<&str> {
    match matcher.op {
        MatchOp::Equal | MatchOp::NotEqual => vec![&matcher.value],
        MatchOp::Re(_) | MatchOp::NotRe(_) => matcher.value.split('|').collect(),
    }
}
