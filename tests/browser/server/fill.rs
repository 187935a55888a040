//! The events, figures and attempts of the inbox.

use std::time::Duration;

use panora_hooks::{
    Verifier,
    inbox::{Decision, Figures, Inbox, Lane, MemoryInbox},
    testing::{Sample, sample},
};
use serde_json::json;

use crate::run::Stage;

/// The delay of events that do not run while the tests run.
const LATER: Duration = Duration::from_secs(1800);

/// A text that takes over a page which does not escape it.
const SCRIPT: &str =
    "</pre></title>\"'><script>window.hacked = 1</script><img src=x onerror=\"window.hacked=1\">";

pub(crate) async fn inbox(verifier: &Verifier, has_hostile: bool) -> anyhow::Result<MemoryInbox> {
    let stage = Stage::new(verifier);
    done(&stage).await?;
    delayed(&stage).await?;
    stage.park((0..12).map(|number| of_type("ticketing.comment.created", number))).await?;
    if has_hostile {
        hostile(&stage).await?;
    }
    dead(&stage).await?;
    lane(&stage).await?;
    figures(&stage).await?;
    stage.set_clock(0);
    Ok(stage.inbox)
}

/// 120 companies, 600 contacts, a connection, and 5 deals that succeeded at the second attempt.
async fn done(stage: &Stage<'_>) -> anyhow::Result<()> {
    stage.put((0..120).map(|number| of_type("crm.company.created", number))).await?;
    stage.put((1000..1600).map(|number| of_type("crm.contact.created", number))).await?;
    let connection = sample("connection.created")
        .id("connection-1")
        .set("access_token", "canary-access")
        .set("refresh_token", "canary-refresh")
        .set("connection_token", "canary-connection");
    stage.put([connection]).await?;
    stage.run(40, Decision::Bury, |_| None).await?;

    let deals = (0..5).map(|number| {
        let payload = json!([{ "id": number, "name": format!("Deal {number}"), "amount": 12_500 }]);
        Sample::new("crm.deal.pulled", payload).id(format!("deal-{number}"))
    });
    stage.put(deals).await?;
    let retry = |_| Decision::RetryAfter(Duration::from_secs(1));
    stage.run(900, retry, |_| Some("the database is restarting".to_owned())).await?;
    stage.set_clock(2);
    stage.run(35, Decision::Bury, |_| None).await
}

async fn delayed(stage: &Stage<'_>) -> anyhow::Result<()> {
    stage.put((200..208).map(|number| of_type("crm.company.created", number))).await?;
    let error = |place| Some(format!("rate limit reached, try again in {} seconds", 20 + place));
    stage.run(80, |_| Decision::RetryAfter(LATER), error).await
}

/// Three groups of dead events, each with three attempts.
async fn dead(stage: &Stage<'_>) -> anyhow::Result<()> {
    let contacts = (0..21).map(|number| of_type("crm.contact.created", number));
    let error = |place| format!("customer {} is missing: \"ada-{place}@example.com\"", 4711 + place);
    buried(stage, contacts, error).await?;
    let tickets = (0..9).map(|number| of_type("ticketing.ticket.created", number));
    let error = |place| format!("the help desk answered 503 after {} ms\nbody: overloaded", 900 + place);
    buried(stage, tickets, error).await?;
    let companies = (300..304).map(|number| of_type("crm.company.created", number));
    buried(stage, companies, |_| "the field `vat_id` is empty".to_owned()).await
}

/// A lane of notes, whose head is delayed.
async fn lane(stage: &Stage<'_>) -> anyhow::Result<()> {
    stage.set_clock(0);
    let notes = (0..6).map(|number| of_type("crm.note.created", number));
    stage.put_in_lane(Lane::from_bytes([0x2a; 16]), notes).await?;
    let error = |_| Some("the notes of this contact are locked".to_owned());
    stage.run(60, |_| Decision::RetryAfter(LATER), error).await
}

async fn buried(
    stage: &Stage<'_>,
    samples: impl IntoIterator<Item = Sample>,
    error: impl Fn(usize) -> String,
) -> anyhow::Result<()> {
    stage.set_clock(0);
    stage.put(samples).await?;
    for (seconds, next) in [(1, 2), (4, 5)] {
        stage.set_clock(seconds);
        let retry = |_| Decision::RetryAfter(Duration::from_secs(next - 1));
        stage.run(250, retry, |place| Some(error(place))).await?;
    }
    stage.set_clock(12);
    stage.run(250, Decision::Bury, |place| Some(error(place))).await
}

/// Events whose every text is hostile: one dead, two parked.
async fn hostile(stage: &Stage<'_>) -> anyhow::Result<()> {
    let payload = json!({ "id": "hostile", "note": SCRIPT, SCRIPT: "\u{202e}gpj.exe\u{1b}[31m" });
    let dead = Sample::new("crm.contact.created", payload.clone()).id(format!("{SCRIPT}\u{202e}di"));
    buried(stage, [dead], |_| format!("{SCRIPT}\u{202e}txet\u{1b}[31m\u{0}")).await?;
    let parked = ["one", "two"].map(|number| {
        let payload = json!({ "id": number, "note": SCRIPT });
        Sample::new(&format!("{SCRIPT}\u{202e}epyt"), payload).id(format!("hostile-{number}"))
    });
    stage.park(parked).await
}

/// The figures of the last day, with a fault in the last half hour.
async fn figures(stage: &Stage<'_>) -> anyhow::Result<()> {
    for minutes in 0..24 * 60 {
        stage.set_clock(-60 * minutes);
        // Between 0 and 12, in waves of two hours.
        let wave = u64::try_from((minutes % 120 - 60).abs() / 5)?;
        let fails = if minutes < 30 { 4 } else { u64::from(minutes % 97 == 0) };
        let figures = [
            ("crm.contact.created", 6 + wave, fails, 300),
            ("ticketing.ticket.created", 2 + wave / 3, fails / 2, 3000),
            ("crm.company.created", 3, u64::from(minutes % 300 == 7), 40),
        ];
        let figures = figures.map(|(event_type, arrived, failed, millis)| {
            (event_type.to_owned(), of_minute(arrived, failed, millis))
        });
        stage.inbox.add_figures(figures.into()).await?;
    }
    Ok(())
}

fn of_minute(arrived: u64, failed: u64, millis: u64) -> Figures {
    let mut figures = Figures::default();
    (figures.arrived, figures.handled, figures.failed_attempts) = (arrived, arrived, failed);
    figures.dead = failed / 3;
    figures.duplicates = u64::from(arrived.is_multiple_of(5));
    figures.parked = u64::from(arrived.is_multiple_of(7));
    for place in 0..arrived {
        figures.attempt_duration.record(Duration::from_millis(millis + 20 * place));
        figures.latency.record(Duration::from_millis(2 * millis + 20 * place));
    }
    figures
}

fn of_type(event_type: &str, number: u32) -> Sample {
    let sample = sample(event_type).id(format!("{}-{number}", event_type.replace('.', "-")));
    sample.set("id", format!("{event_type}/{number}"))
}
