//! Detection of poolers that share one session of the server between clients.
//!
//! The settings, prepared statements and locks of a session are then those of other clients.

use sqlx::{Connection, PgConnection, Row};
use tokio::time::timeout;

use super::session::{LONGEST_WAIT, Session, Sessions};
use crate::inbox::InboxError;

const PID: &str = "SELECT pg_backend_pid()::text";

/// How often two clients compare their sessions, while idle and in transactions. Poolers use the
/// session of the server that was used last, or take turns, and open further ones while they work.
const ROUNDS: usize = 4;

/// Returns whether statements of one client run in different sessions of the server, or statements
/// of two clients in the same one.
pub(super) async fn is_sharing(session: &mut Session, sessions: &Sessions) -> Result<bool, InboxError> {
    let client = session.connection()?;
    let first = pid(client).await?;
    let mut other = sessions.connect_another().await;
    let mut is_sharing = false;
    for _ in 0..ROUNDS {
        is_sharing = pid(client).await? != first || pid(client).await? != first;
        if let (false, Some(connection)) = (is_sharing, &mut other) {
            // A pooler may have no session for a second client.
            let Ok(second) = timeout(LONGEST_WAIT, pid_in_transaction(connection)).await else { break };
            is_sharing = second? == first || pid(client).await? != first;
            sqlx::raw_sql("ROLLBACK").execute(connection).await?;
        }
        if is_sharing {
            break;
        }
    }
    if let Some(other) = other {
        let _ = timeout(LONGEST_WAIT, other.close()).await;
    }
    Ok(is_sharing)
}

async fn pid_in_transaction(connection: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
    pid(connection).await
}

/// Returns the process of the server that runs the statement. The simple protocol is used, because
/// a pooler can separate a prepared statement from its execution.
async fn pid(connection: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::raw_sql(PID).fetch_one(connection).await?.try_get(0)
}
