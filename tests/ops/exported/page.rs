//! A page of the Prometheus exporter.

use std::collections::{BTreeMap, HashMap};

use promql_parser::parser::{self, Expr};

/// The labels of a series.
pub(crate) type Labels = BTreeMap<String, String>;

/// The series of a page, by metric.
#[derive(Debug)]
pub(crate) struct Page(HashMap<String, Vec<Labels>>);

impl Page {
    pub(crate) fn parse(text: &str) -> Self {
        // Prometheus adds this metric to every target.
        let mut metrics = HashMap::from([("up".to_owned(), vec![Labels::new()])]);
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            // Without its value, a series is a selector.
            let Ok(Expr::VectorSelector(series)) = parser::parse(line.rsplit_once(' ').unwrap().0) else {
                panic!("`{line}` is not a series");
            };
            let labels = series.matchers.matchers.into_iter().map(|label| (label.name, label.value));
            metrics.entry(series.name.unwrap()).or_default().push(labels.collect());
        }
        Self(metrics)
    }

    pub(crate) fn series(&self, metric: &str) -> impl Iterator<Item = &Labels> {
        self.0.get(metric).into_iter().flatten()
    }
}
