//! The queries in `ops`, and the metrics and labels that they name.

use std::{convert::Infallible, fs, path::Path};

use promql_parser::{
    parser::{self, Expr, VectorSelector},
    util::{ExprVisitor, walk_expr},
};
use serde_json::Value;

/// Returns the queries of the alerts and of the dashboard.
pub(crate) fn all() -> Vec<Expr> {
    let alerts: Value = serde_saphyr::from_str(&read("alerts.yml")).unwrap();
    let dashboard: Value = serde_json::from_str(&read("grafana.json")).unwrap();
    let rules = alerts["groups"].as_array().unwrap().iter().flat_map(|group| list(&group["rules"]));
    let panels = list(&dashboard["panels"]).filter(|panel| panel["type"] != "row");
    let targets = panels.flat_map(|panel| list(&panel["targets"]));
    let queries: Vec<_> = rules.chain(targets).map(|query| parse(query["expr"].as_str().unwrap())).collect();
    assert!(!queries.is_empty());
    queries
}

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ops").join(name)).unwrap()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

fn parse(query: &str) -> Expr {
    // Grafana replaces its variable in the same way.
    parser::parse(&query.replace("$__rate_interval", "1m")).unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// Returns the selectors in a query.
pub(crate) fn selectors(query: &Expr) -> Vec<VectorSelector> {
    let mut selectors = Vec::new();
    visit(query, |part| match part {
        Expr::VectorSelector(selector) => selectors.push(selector.clone()),
        Expr::MatrixSelector(matrix) => selectors.push(matrix.vs.clone()),
        _ => {}
    });
    selectors
}

/// Returns the labels of each `by (…)` in a query, with the selectors that it groups.
pub(crate) fn groupings(query: &Expr) -> Vec<(Vec<String>, Vec<VectorSelector>)> {
    let mut groupings = Vec::new();
    visit(query, |part| {
        if let Expr::Aggregate(aggregate) = part
            && let Some(modifier) = &aggregate.modifier
        {
            groupings.push((modifier.labels().labels.clone(), selectors(&aggregate.expr)));
        }
    });
    groupings
}

fn visit(query: &Expr, see: impl FnMut(&Expr)) {
    struct Visitor<F>(F);

    impl<F: FnMut(&Expr)> ExprVisitor for Visitor<F> {
        type Error = Infallible;

        fn pre_visit(&mut self, part: &Expr) -> Result<bool, Infallible> {
            (self.0)(part);
            Ok(true)
        }
    }

    let Ok(_) = walk_expr(&mut Visitor(see), query);
}
