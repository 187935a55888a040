//! Line charts as SVG, with the same numbers as a table.

use std::time::{Duration, SystemTime};

use maud::{Markup, html};

use crate::format;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 28.0;

/// A chart of sums per step, drawn as rates per minute.
pub(crate) struct Chart<'c> {
    /// The prefix of the ids in the chart.
    pub(crate) id: &'c str,
    pub(crate) title: &'c str,
    /// The text on the left axis.
    pub(crate) unit: &'c str,
    /// When each step begins. The last one is not over yet: it is part of the sums and of the
    /// table, but has no rate.
    pub(crate) starts: &'c [SystemTime],
    pub(crate) step: Duration,
    pub(crate) series: [Series<'c>; 2],
}

/// A line of a chart.
pub(crate) struct Series<'c> {
    pub(crate) name: &'c str,
    /// The sum of each step.
    pub(crate) sums: Vec<u64>,
}

impl Chart<'_> {
    pub(crate) fn render(&self) -> Markup {
        let Self { id, title, unit, starts, series, .. } = self;
        let (title_id, text_id) = (format!("{id}-title"), format!("{id}-text"));
        let (top, steps) = (self.top(), self.finished());
        html! {
            figure class="chart" {
                figcaption { (title) }
                div class="scroll" role="region" aria-label=(format!("Chart: {title}")) tabindex="0" {
                    svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img"
                        aria-labelledby=(format!("{title_id} {text_id}")) {
                        title id=(title_id) { (title) }
                        desc id=(text_id) { (self.summary()) }
                        text class="unit" x="4" y="12" { (unit) }
                        @for share in [0.0, 0.5, 1.0] {
                            @let y = y(share);
                            line class="grid" x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y) y2=(y) {}
                            text class="tick" x=(LEFT - 6.0) y=(y + 4.0) text-anchor="end" {
                                (decimal(top * share))
                            }
                        }
                        @for (place, anchor) in [(0, "start"), (steps / 2, "middle"), (steps.saturating_sub(1), "end")] {
                            @if let Some(start) = starts.get(place) {
                                text class="tick" x=(rounded(self.x(place))) y=(HEIGHT - 8.0) text-anchor=(anchor) {
                                    (format::strftime(*start, self.time_format()))
                                }
                            }
                        }
                        @for (series, class) in series.iter().zip(["first", "second"]) {
                            polyline class=(format!("line {class}")) points=(self.points(series)) {}
                        }
                    }
                }
                ul class="legend" {
                    @for (series, class) in series.iter().zip(["first", "second"]) {
                        li {
                            svg class="key" viewBox="0 0 32 8" aria-hidden="true" {
                                line class=(format!("line {class}")) x1="0" x2="32" y1="4" y2="4" {}
                            }
                            (series.name) ": " (format::number(series.sums.iter().sum::<u64>())) " in total"
                        }
                    }
                }
                details id=(format!("{id}-table")) {
                    summary { "The numbers of the chart “" (title) "”" }
                    div class="scroll" role="region" aria-label=(format!("Numbers: {title}")) tabindex="0" {
                        (self.table())
                    }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        html! {
            table {
                caption { (self.title) ": sums of each " (format::duration(self.step)) }
                thead { tr {
                    th scope="col" { "From (UTC)" }
                    @for series in &self.series { th scope="col" class="number" { (series.name) } }
                } }
                tbody {
                    @for (place, start) in self.starts.iter().enumerate() {
                        tr {
                            th scope="row" {
                                (format::strftime(*start, "%Y-%m-%d %H:%M"))
                                @if place == self.finished() { " (not over yet)" }
                            }
                            @for series in &self.series {
                                td class="number" {
                                    (format::number(series.sums.get(place).copied().unwrap_or_default()))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The text alternative.
    fn summary(&self) -> String {
        let parts = self.series.iter().map(|series| {
            let largest = self.drawn(series).max().unwrap_or_default();
            let (sum, rate) = (series.sums.iter().sum::<u64>(), decimal(self.rate(largest)));
            format!("{}: {} in total, at most {rate} {}.", series.name, format::number(sum), self.unit)
        });
        parts.collect::<Vec<_>>().join(" ")
    }

    fn points(&self, series: &Series<'_>) -> String {
        let top = self.top();
        let points = self
            .drawn(series)
            .enumerate()
            .map(|(place, sum)| format!("{},{}", rounded(self.x(place)), rounded(y(self.rate(sum) / top))));
        points.collect::<Vec<_>>().join(" ")
    }

    /// Returns the number of steps that are over.
    fn finished(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn drawn(&self, series: &Series<'_>) -> impl Iterator<Item = u64> {
        series.sums.iter().copied().take(self.finished())
    }

    fn time_format(&self) -> &'static str {
        if self.step < Duration::from_secs(60 * 60) { "%H:%M" } else { "%b %d" }
    }

    #[expect(clippy::cast_precision_loss, reason = "a coordinate")]
    fn x(&self, place: usize) -> f64 {
        let last = self.finished().saturating_sub(1).max(1);
        LEFT + (WIDTH - LEFT - RIGHT) * place as f64 / last as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "a coordinate")]
    fn rate(&self, sum: u64) -> f64 {
        sum as f64 * 60.0 / self.step.as_secs_f64().max(1.0)
    }

    /// The value at the top of the chart: 1, 2 or 5 times a power of ten.
    fn top(&self) -> f64 {
        let largest = self.series.iter().flat_map(|series| self.drawn(series)).max();
        let largest = self.rate(largest.unwrap_or_default());
        if largest <= 0.0 {
            return 1.0;
        }
        let power = 10_f64.powf(largest.log10().floor());
        [1.0, 2.0, 5.0, 10.0]
            .map(|factor| factor * power)
            .into_iter()
            .find(|top| *top >= largest)
            .unwrap_or(largest)
    }
}

fn y(share: f64) -> f64 {
    HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share
}

fn rounded(coordinate: f64) -> f64 {
    (coordinate * 10.0).round() / 10.0
}

/// Formats a number with two digits after the point, or four if it is below 1, without zeros at the
/// end.
fn decimal(number: f64) -> String {
    let digits = if number < 1.0 { 4 } else { 2 };
    let text = format!("{number:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_an_axis_are_exact() {
        for (number, expected) in
            [(0.0, "0"), (0.025, "0.025"), (0.01, "0.01"), (0.5, "0.5"), (2.5, "2.5"), (1200.0, "1200")]
        {
            assert_eq!(decimal(number), expected);
        }
    }
}
