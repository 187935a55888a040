//! Query plans: no statement of the inbox reads many more rows than it returns, for any statistics.
//!
//! `auto_explain` sends the plan of each statement, exactly as the library issues it, to the
//! client, where sqlx logs it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, SystemTime},
};

use panora_hooks::inbox::{
    AttemptOutcome, AttemptReport, AuditRecord, Decision, EventKey, EventState, Figures, Filter, Fingerprint,
    Inbox, Lane, LeaseRequest, Leased, PostgresInbox, Query, QueueGroup, Select, Settled, Settlement,
};
use serde_json::Value;
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer, Registry,
    filter::{LevelFilter, Targets},
    layer::{Context, SubscriberExt},
};

use crate::{
    events::{contact, event},
    postgres_database::Database,
};

/// The number of events in each state.
const ROWS: i64 = 20_000;

/// The fingerprint of most dead events. Each of the others belongs to a few events.
const LARGE_GROUP: i64 = 7;

/// The byte of which the lane of most waiting events consists.
const LARGE_LANE: u8 = 7;

/// The most rows that one node of a plan may read: the limit of a count, plus the events of other
/// types, some of other states, and replays of a content among them.
const MAX_ROWS: f64 = 13_000.0;

/// The most rows that a node of a lease may read: as many events of each queue as are leased.
const MAX_LEASED_ROWS: f64 = 400.0;

/// The notices of the servers, which contain the plans.
#[derive(Clone, Default)]
struct Notices(Arc<Mutex<Vec<String>>>);

struct Message(String);

impl Visit for Message {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl<S: Subscriber> Layer<S> for Notices {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        if message.0.starts_with("duration") {
            self.0.lock().unwrap().push(message.0);
        }
    }
}

/// One collection for all tests, because connections outlive the scopes of tests.
fn notices() -> Notices {
    static NOTICES: OnceLock<Notices> = OnceLock::new();
    let install = || {
        let notices = Notices::default();
        let targets = Targets::new().with_target("sqlx::postgres::notice", LevelFilter::TRACE);
        let subscriber = Registry::default().with(notices.clone().with_filter(targets));
        tracing::subscriber::set_global_default(subscriber).unwrap();
        notices
    };
    NOTICES.get_or_init(install).clone()
}

/// Keeps the server from collecting statistics, which would make it forget plans.
async fn disable_autovacuum(database: &Database) {
    let options = database.options().application_name("panora_test_fill");
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    for table in ["event", "due", "dead", "done", "attempt", "figure", "audit", "lane", "waiting"] {
        let disable = format!("ALTER TABLE panora_hooks.{table} SET (autovacuum_enabled = off)");
        sqlx::raw_sql(sqlx::AssertSqlSafe(disable)).execute(&mut connection).await.unwrap();
    }
}

/// Fills the tables of an inbox. Ready and delayed events alternate, as after an outage of a
/// service that hooks call. Thousands are leased.
async fn fill(database: &Database) {
    let options = database.options().application_name("panora_test_fill");
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let now = "(extract(epoch FROM now()) * 1000000)::bigint";
    let fill = format!(
        "DELETE FROM event;
         DELETE FROM due;
         DELETE FROM dead;
         DELETE FROM done;
         DELETE FROM attempt;
         DELETE FROM lane;
         DELETE FROM waiting;
         SELECT setval('event_seq_seq', 1, false);
         INSERT INTO event(key, content, id_event, type, received, data, lane)
         SELECT sha256(n::text::bytea) || decode(md5(n::text), 'hex'), sha256(n::text::bytea), n::text::bytea,
            CASE
                WHEN n % 10000 = 1 THEN 'crm.rare.created'
                WHEN n % 13 = 2 AND n NOT BETWEEN 2 * {ROWS} AND 3 * {ROWS} OR n % 1000 = 2 THEN 'crm.deal.created'
                ELSE 'crm.contact.created'
            END::bytea,
            {now} - 850000::bigint * (7 * {ROWS} - n), '{{}}'::bytea,
            CASE
                WHEN n <= 6 * {ROWS} THEN NULL
                WHEN n % 20 < 11 THEN decode(repeat('{LARGE_LANE:02x}', 16), 'hex')
                ELSE decode(md5((n % 1000)::text), 'hex')
            END
         FROM generate_series(1, 7 * {ROWS}) AS n;
         INSERT INTO done SELECT seq, {now} - 86400000000 + seq, 1, false FROM event WHERE seq <= {ROWS};
         INSERT INTO done SELECT seq, {now} - 86400000000 + seq, 1, true FROM event
            WHERE seq > {ROWS} AND seq <= 2 * {ROWS};
         INSERT INTO dead(seq, at, attempts, is_parked, reason, fingerprint, type_key)
            SELECT seq, {now}, 1, false, 'no',
                CASE
                    WHEN seq % 400 = 1 THEN NULL
                    WHEN seq % 4 = 0 THEN 1000 + seq % 8000
                    ELSE {LARGE_GROUP}
                END,
                CASE WHEN seq % 400 = 1 THEN NULL ELSE type END
            FROM event WHERE seq > 2 * {ROWS} AND seq <= 3 * {ROWS};
         INSERT INTO dead SELECT seq, {now}, 0, true, 'replayed' FROM event
            WHERE seq > 3 * {ROWS} AND seq <= 4 * {ROWS};
         INSERT INTO queue(name) SELECT DISTINCT type FROM event ON CONFLICT DO NOTHING;
         INSERT INTO due(seq, due, attempts, fence, queue) SELECT seq,
            CASE
                WHEN seq % 2 = 0 THEN {now} - seq
                WHEN seq % 16 IN (1, 3, 5) THEN {now} + 7200000000 + seq
                ELSE {now} + 3600000000 + seq
            END,
            seq % 2,
            CASE WHEN seq % 16 IN (1, 3, 5) OR seq % 20 = 0 THEN 7 END,
            (SELECT id FROM queue WHERE name = type)
         FROM event WHERE seq > 4 * {ROWS} AND seq <= 6 * {ROWS};
         INSERT INTO lane SELECT lane, max(seq), min(seq) FROM event WHERE lane IS NOT NULL GROUP BY lane;
         INSERT INTO due(seq, due, attempts, lane) SELECT DISTINCT ON (lane) seq, {now}, 0, lane
            FROM event WHERE lane IS NOT NULL ORDER BY lane, seq;
         INSERT INTO waiting(seq, lane, position, queue) SELECT seq, lane, seq, 0 FROM event
            WHERE lane IS NOT NULL AND seq NOT IN (SELECT seq FROM due);
         INSERT INTO attempt(seq, place, run, number, outcome, error)
            SELECT seq, place, 1, place, 'failed', 'no' FROM due CROSS JOIN generate_series(1, 2) AS place;
         INSERT INTO figure
            SELECT step, {now} - {now} % step - step * n, ('type ' || kind)::bytea, '{{1,2,3}}'
            FROM unnest('{{60000000,3600000000}}'::bigint[]) AS step
            CROSS JOIN generate_series(1, {ROWS} / 10) AS n CROSS JOIN generate_series(1, 5) AS kind;
         INSERT INTO audit(at, action, what, events)
            SELECT {now} - 1000000::bigint * ({ROWS} - n), 'drop', 'all', 1 FROM generate_series(1, {ROWS}) AS n"
    );
    sqlx::raw_sql("SET search_path = panora_hooks; SET synchronous_commit = off")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(fill)).execute(&pool).await.unwrap();
    pool.close().await;
}

async fn analyze(database: &Database) {
    let options = database.options().application_name("panora_test_fill");
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let analyze = "ANALYZE panora_hooks.event, panora_hooks.due, panora_hooks.dead, panora_hooks.done,
        panora_hooks.attempt, panora_hooks.figure, panora_hooks.audit, panora_hooks.lane, panora_hooks.waiting";
    sqlx::raw_sql(analyze).execute(&pool).await.unwrap();
    pool.close().await;
}

/// Returns an inbox whose plans are sent to this process.
async fn explained(options: PgConnectOptions) -> PostgresInbox {
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .after_connect(|connection, _| {
            Box::pin(async move {
                let explain = "LOAD 'auto_explain';
                    SET auto_explain.log_min_duration = 0;
                    SET auto_explain.log_analyze = on;
                    SET auto_explain.log_timing = off;
                    SET auto_explain.log_format = json;
                    SET auto_explain.log_level = notice";
                sqlx::raw_sql(explain).execute(connection).await.map(drop)
            })
        })
        .connect_lazy_with(options);
    PostgresInbox::open(pool).await.unwrap()
}

/// The first column of each index.
type Leading = HashMap<String, String>;

async fn leading(database: &Database) -> Leading {
    let options = database.options().application_name("panora_test_fill");
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    // Plans quote constants.
    let leading = "SELECT relname::text, replace(pg_get_indexdef(indexrelid, 1, true), '0::', '''0''::')
        FROM pg_index
        JOIN pg_class ON oid = indexrelid WHERE relnamespace = 'panora_hooks'::regnamespace";
    sqlx::query_as(leading).fetch_all(&mut connection).await.unwrap().into_iter().collect()
}

/// Fails if a node of a plan reads more rows than allowed.
fn check(node: &Value, leading: &Leading, max_rows: f64, operation: &str, plan: &str) {
    let number = |name: &str| node[name].as_f64().unwrap_or(0.0);
    let loops = number("Actual Loops").max(1.0);
    let removed = number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
    let read = (number("Actual Rows") + removed) * loops;
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let table = node["Relation Name"].as_str().unwrap_or_default();
    // A join reads its other side once per row.
    let max_rows = if table.is_empty() { MAX_ROWS } else { max_rows };
    assert!(read <= max_rows, "{operation}: {kind} of {table} reads {read} rows\n{plan}");
    // Without a condition on its first column, the whole index is read again for each row.
    if let (Some(index), Some(condition)) = (node["Index Name"].as_str(), node["Index Cond"].as_str()) {
        let first = &leading[index];
        // `ROW(a, b) > ROW(…)` restricts `a`, too.
        let is_restricted = [format!("({first} "), format!(".{first} "), format!("(ROW({first},")]
            .iter()
            .any(|part| condition.contains(part));
        assert!(is_restricted, "{operation}: {index} is searched by {condition}\n{plan}");
    }
    let is_small = matches!(table, "" | "format" | "paused" | "probe" | "queue");
    assert!(kind != "Seq Scan" || is_small, "{operation}: sequential scan of {table}\n{plan}");
    for child in node["Plans"].as_array().into_iter().flatten() {
        check(child, leading, max_rows, operation, plan);
    }
}

/// Checks the plans of the statements since the last check.
fn check_plans(notices: &Notices, leading: &Leading, max_rows: f64, operation: &str) {
    let plans = std::mem::take(&mut *notices.0.lock().unwrap());
    let mut count = 0;
    for notice in plans {
        let Some(start) = notice.find('{') else { continue };
        if !notice.contains("panora_hooks") {
            continue;
        }
        let plan: Value = serde_json::from_str(&notice[start..]).unwrap();
        check(&plan["Plan"], leading, max_rows, operation, &notice);
        count += 1;
    }
    assert!(count > 0, "{operation}: no plan was seen");
}

/// Checks the statements whose plans a session keeps. Returns the events that were leased.
async fn check_frequent(
    inbox: &PostgresInbox,
    notices: &Notices,
    leading: &Leading,
    round: i64,
) -> Vec<Leased> {
    let check = |operation: &str| check_plans(notices, leading, MAX_ROWS, operation);
    let check_lease = |operation: &str| check_plans(notices, leading, MAX_LEASED_ROWS, operation);
    notices.0.lock().unwrap().clear();
    inbox.put(vec![contact(format!("new {round}")), contact(format!("newer {round}"))]).await.unwrap();
    check("put");
    let replays = (0..3).map(|n| event(&format!("{round} {n}"), "x", contact("ada").data())).collect();
    inbox.put(replays).await.unwrap();
    check("put replays");
    let leased = inbox.lease(LeaseRequest::new(64, Duration::from_secs(60))).await.unwrap();
    assert_eq!(leased.len(), 64);
    check_lease("lease");
    check_groups(inbox, &check_lease).await;
    check_lanes(inbox, &check, round).await;
    notices.0.lock().unwrap().clear();
    settle_variously(inbox, &leased).await;
    check("settle");
    leased
}

/// Settles leases with each decision but one.
async fn settle_variously(inbox: &PostgresInbox, leased: &[Leased]) {
    let settlements = leased.iter().enumerate().map(|(number, leased)| {
        let decision = match number % 4 {
            0 => Decision::Complete,
            1 => Decision::RetryAfter(Duration::ZERO),
            2 => Decision::Bury("no".to_owned()),
            _ => Decision::Release,
        };
        let report = AttemptReport::new(AttemptOutcome::Failed, "worker".into());
        Settlement::new(leased.token, decision).attempt(report.error("no")).announce()
    });
    inbox.settle(settlements.collect()).await.unwrap();
}

/// Makes a session keep the plans that it makes for empty tables.
async fn warm_up(inbox: &PostgresInbox) {
    let lease = || LeaseRequest::new(64, Duration::from_secs(60));
    // A batch with a queue that is new has a statement of its own.
    for batch in ["a", "b", "c"] {
        inbox.put((0..4).map(|number| contact(format!("{batch} {number}"))).collect()).await.unwrap();
        let leased = inbox.lease(lease()).await.unwrap();
        let release = |leased: &Leased| Settlement::new(leased.token, Decision::Release);
        inbox.settle(leased.iter().map(release).collect()).await.unwrap();
        settle_variously(inbox, &inbox.lease(lease()).await.unwrap()).await;
        let in_lane =
            |number| contact(format!("{batch} in a lane {number}")).in_lane(Lane::from_bytes([1; 16]));
        inbox.put((0..4).map(in_lane).collect()).await.unwrap();
        settle_variously(inbox, &inbox.lease(lease()).await.unwrap()).await;
    }
}

async fn check_all(inbox: &PostgresInbox, notices: &Notices, leading: &Leading, round: i64) {
    let check = |operation: &str| check_plans(notices, leading, MAX_ROWS, operation);
    notices.0.lock().unwrap().clear();
    let lists = [None].into_iter().chain(EventState::ALL.iter().copied().map(Some));
    for state in lists {
        for event_type in
            [None, Some("crm.contact.created"), Some("crm.rare.created"), Some("crm.none.created")]
        {
            let mut filter = Filter::new();
            filter.state = state;
            let filter = match event_type {
                Some(event_type) => filter.event_type(event_type),
                None => filter,
            };
            inbox.list(Query::new(filter.clone())).await.unwrap();
            check(&format!("list {state:?} {event_type:?}"));
            let after = EventKey::new((3 * ROWS / 2).unsigned_abs().into());
            inbox.list(Query::new(filter).after(after)).await.unwrap();
            check(&format!("list {state:?} {event_type:?} after"));
        }
    }
    // Many events have this type, but few dead ones.
    let dead = Filter::new().state(EventState::Dead).event_type("crm.deal.created");
    assert!(!inbox.list(Query::new(dead.clone())).await.unwrap().items.is_empty());
    assert!(!inbox.list(Query::new(dead.clone()).newest_first()).await.unwrap().items.is_empty());
    assert!(inbox.count(dead).await.unwrap().is_exact());
    check("dead events of a type");
    check_filters(inbox, &check).await;
    let leased = check_frequent(inbox, notices, leading, round).await;
    notices.0.lock().unwrap().clear();
    assert!(inbox.next_due().await.unwrap().is_some());
    check("next due");
    let claims = inbox.claim_dead(8, Duration::from_secs(3600)).await.unwrap();
    assert_eq!(claims.len(), 8);
    check("claim dead");
    assert_eq!(inbox.announced(claims).await.unwrap(), 8);
    check("announced");
    assert!(inbox.attempts(leased[0].token.key()).await.unwrap().len() > 2);
    check("attempts");
    inbox.get(leased[0].token.key()).await.unwrap();
    check("get");
    let ids = (0..1000).map(|number| format!("{number:032}")).collect();
    inbox.contains_ids(ids, None).await.unwrap();
    check("ids");
    let depth = inbox.depth().await.unwrap();
    check("depth");
    for count in [depth.ready, depth.waiting, depth.delayed, depth.parked, depth.dead] {
        assert_eq!(count.to_string(), "10000+");
    }
    assert!(depth.leased.is_exact());
    assert_eq!(inbox.prune(Duration::from_secs(3600), 200).await.unwrap(), 200);
    check("prune");
    assert_eq!(inbox.forget(Duration::from_secs(3600), 200).await.unwrap(), 200);
    check("forget");
    assert_eq!(inbox.expedite(Duration::from_secs(60), 200).await.unwrap(), 200);
    check("expedite");
    for state in [EventState::Parked, EventState::Dead, EventState::Done] {
        let which = || Select::All(Filter::new().state(state));
        assert_eq!(inbox.replay(which(), 250).await.unwrap(), 250);
        check(&format!("replay {state}"));
        if state != EventState::Done {
            assert_eq!(inbox.discard(which(), 250).await.unwrap(), 250);
            check(&format!("discard {state}"));
        }
    }
    let keys = (1..=500).map(|number| EventKey::new((2 * ROWS.unsigned_abs() + 1000 + number).into()));
    inbox.replay(Select::Keys(keys.clone().collect()), 300).await.unwrap();
    check("replay keys");
    inbox.discard(Select::Keys(keys.collect()), 300).await.unwrap();
    check("discard keys");
    let ago = |hours: u64| SystemTime::now() - Duration::from_secs(3600 * hours);
    for which in [Filter::new(), Filter::new().state(EventState::Parked)] {
        let which = which.received_from(ago(15)).received_before(ago(12));
        assert_eq!(inbox.replay(Select::All(which.clone()), 50).await.unwrap(), 50);
        check("replay a range of time");
        assert_eq!(inbox.discard(Select::All(which), 50).await.unwrap(), 50);
        check("discard a range of time");
    }
    let rare = Filter::new().event_type("crm.rare.created");
    inbox.replay(Select::All(rare), 300).await.unwrap();
    check("replay a rare type");
}

/// Checks leases of few events, while many of another type wait, are leased or are paused.
async fn check_groups(inbox: &PostgresInbox, check: &impl Fn(&str)) {
    let group = |queue: &'static str, max| QueueGroup::new([queue.into()], max);
    let lease = async |groups: Vec<QueueGroup>, expected| {
        let request = LeaseRequest::new(2, Duration::from_secs(60)).groups(groups);
        let leased = inbox.lease(request).await.unwrap();
        check("lease of groups");
        assert_eq!(leased.iter().filter(|leased| leased.queue == "crm.deal.created").count(), expected);
        let release = |leased: &Leased| Settlement::new(leased.token, Decision::Release);
        inbox.settle(leased.iter().map(release).collect()).await.unwrap();
        check("release");
    };
    let busy = || group("crm.contact.created", 2).running(1);
    lease(vec![busy(), group("crm.deal.created", 64), QueueGroup::others(64)], 1).await;
    lease(vec![group("crm.contact.created", 0), group("crm.deal.created", 2)], 2).await;
    assert!(inbox.pause("crm.contact.*".to_owned()).await.unwrap());
    lease(vec![busy(), group("crm.deal.created", 64)], 2).await;
    assert_eq!(inbox.depth().await.unwrap().paused.to_string(), "10000+");
    assert!(inbox.resume("crm.contact.*".to_owned()).await.unwrap());
}

/// Checks what happens in a lane in which many events wait.
async fn check_lanes(inbox: &PostgresInbox, check: &impl Fn(&str), round: i64) {
    let lane = Lane::from_bytes([LARGE_LANE; 16]);
    let waiting = inbox.put(vec![contact(format!("in a lane {round}")).in_lane(lane)]).await.unwrap();
    check("put into a lane");
    let head = Filter::new().state(EventState::Ready).lane(lane);
    let head = inbox.list(Query::new(head)).await.unwrap().items;
    assert_eq!(head.len(), 1);
    let unnamed =
        LeaseRequest::new(64, Duration::from_secs(60)).groups(vec![QueueGroup::new(["".into()], 64)]);
    let mut leased = inbox.lease(unnamed).await.unwrap();
    leased.retain(|leased| leased.lane.is_some());
    assert!(leased.len() > 1);
    check("lease of heads");
    let complete = |leased: &Leased| Settlement::new(leased.token, Decision::Complete);
    let settled = inbox.settle(leased.iter().map(complete).collect()).await.unwrap();
    assert!(settled.iter().all(|settled| *settled == Settled::Applied));
    check("settle heads");
    let keys = || Select::Keys(vec![leased[0].token.key(), waiting[0].key()]);
    assert_eq!(inbox.replay(keys(), 10).await.unwrap(), 1);
    check("replay into a lane");
    assert_eq!(inbox.discard(keys(), 10).await.unwrap(), 2);
    check("discard in lanes");
}

/// Checks lists and counts by time, id and error, in both orders, and the statements on figures,
/// groups and the audit.
async fn check_filters(inbox: &PostgresInbox, check: &impl Fn(&str)) {
    let ago = |hours: u64| SystemTime::now() - Duration::from_secs(3600 * hours);
    let states = [None].into_iter().chain(EventState::ALL.iter().copied().map(Some));
    let filters = [
        ("new", Filter::new().received_from(ago(1))),
        ("old", Filter::new().received_before(ago(32))),
        ("from and before", Filter::new().received_from(ago(20)).received_before(ago(19))),
        ("id", Filter::new().id("50000")),
        ("unknown id", Filter::new().id("none")),
        ("a large group", Filter::new().error_group(Fingerprint::new(LARGE_GROUP.unsigned_abs()))),
        ("a small group", Filter::new().error_group(Fingerprint::new(1004))),
        ("a large lane", Filter::new().lane(Lane::from_bytes([LARGE_LANE; 16]))),
        ("an unknown lane", Filter::new().lane(Lane::from_bytes([1; 16]))),
        ("everything", Filter::new()),
    ];
    for state in states {
        for (name, filter) in &filters {
            for event_type in [None, Some("crm.contact.created"), Some("crm.rare.created")] {
                let mut filter = filter.clone();
                filter.state = state;
                filter.event_type = event_type.map(str::to_owned);
                let name = format!("{name} {state:?} {event_type:?}");
                inbox.list(Query::new(filter.clone())).await.unwrap();
                inbox.list(Query::new(filter.clone()).newest_first()).await.unwrap();
                let after = EventKey::new((5 * ROWS / 2).unsigned_abs().into());
                inbox.list(Query::new(filter.clone()).newest_first().after(after)).await.unwrap();
                inbox.count(filter).await.unwrap();
                check(&name);
            }
        }
    }
    let groups = inbox.error_groups(10).await.unwrap();
    assert_eq!(groups[0].fingerprint.number(), LARGE_GROUP.unsigned_abs());
    assert!(!groups[0].count.is_exact());
    check("error groups");
    let figures = ["b", "a"].map(|event_type| (event_type.to_owned(), Figures::default()));
    inbox.add_figures(figures.to_vec()).await.unwrap();
    check("add figures");
    assert!(!inbox.statistics(ago(2)..ago(0), Duration::from_secs(60)).await.unwrap().is_empty());
    check("statistics");
    let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86400));
    assert_eq!(inbox.prune_figures(hour, day, 100).await.unwrap(), 100);
    check("prune figures");
    inbox.add_audit(AuditRecord::new(None, "drop", "all", 1)).await.unwrap();
    check("add audit");
    assert_eq!(inbox.prune_audit(hour, 100).await.unwrap(), 100);
    check("prune audit");
    assert_eq!(inbox.audit(Some(15_000), 100).await.unwrap().len(), 100);
    check("audit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_reads_a_large_table() {
    let Some(database) = Database::new().await else { return };
    let notices = notices();
    drop(database.inbox().await);
    disable_autovacuum(&database).await;
    let leading = leading(&database).await;
    let early = explained(database.options()).await;
    warm_up(&early).await;
    fill(&database).await;
    check_frequent(&early, &notices, &leading, 0).await;
    check_all(&explained(database.options()).await, &notices, &leading, 1).await;
    analyze(&database).await;
    check_all(&explained(database.options()).await, &notices, &leading, 2).await;
}
