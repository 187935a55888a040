//! Metrics for Prometheus.

use std::{future::ready, time::Duration};

use axum::{Router, routing::get};
use metrics_exporter_prometheus::PrometheusBuilder;

/// How often the exporter makes room for new measurements.
const UPKEEP: Duration = Duration::from_secs(5);

/// Installs the exporter, and returns a router with the page that Prometheus scrapes.
pub(crate) fn router() -> anyhow::Result<Router> {
    let exporter = PrometheusBuilder::new().install_recorder()?;
    let upkeep = exporter.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Ok(Router::new().route("/metrics", get(move || ready(exporter.render()))))
}
