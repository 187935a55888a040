//! Groups of errors in PostgreSQL.

use panora_hooks::inbox::{Count, Fingerprint, Inbox};

use crate::stores::{Postgres, Store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_of_a_thousand_groups_come_first() {
    let Some(store) = Postgres::new().await else { return };
    // Groups 2 to 1000 have two events each, apart from two larger ones.
    store
        .execute(
            "INSERT INTO @event(key, id_event, type, received, data)
                SELECT decode(md5(n::text) || md5('a' || n) || md5('b' || n), 'hex'), 'id', 'x', n, '{}'
                FROM generate_series(1, 4000) AS n;
             INSERT INTO @dead(seq, at, attempts, is_parked, reason, fingerprint, type_key)
                SELECT seq, 1, 1, false, 'no',
                    CASE WHEN seq <= 300 THEN 5 WHEN seq <= 2000 THEN 900 ELSE 2 + seq % 999 END, 'x'
                FROM @event",
        )
        .await;
    let groups = store.inbox().error_groups(3).await.unwrap();
    let found: Vec<_> = groups.iter().map(|group| (group.fingerprint.number(), group.count)).collect();
    assert_eq!(found[..2], [(900, Count::exactly(1702)), (5, Count::exactly(303))]);
    assert_eq!(groups[2].count, 3);
    assert_ne!(groups[2].fingerprint, Fingerprint::UNKNOWN);
}
