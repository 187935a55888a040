//! Detection of poolers that share one session of the server between clients.
//!
//! The settings, prepared statements and locks of a session are then those of other clients.

use sqlx::{PgConnection, Row};
use tokio::time::timeout;

use super::session::{LONGEST_WAIT, Session, Sessions};
use crate::inbox::InboxError;

const PID: &str = "SELECT pg_backend_pid()::text";

/// Poolers use the session of the server that was used last, or take turns, and open further ones
/// while they work. So two clients compare their sessions this often, while idle and in transactions.
const ROUNDS: usize = 4;

/// Returns whether statements of one client run in different sessions of the server, or statements
/// of two clients in the same one.
pub(super) async fn is_sharing(sessions: &Sessions) -> Result<bool, InboxError> {
    let mut session = sessions.take().await?;
    let is_sharing = compare(&mut session, sessions).await;
    session.end(is_sharing)
}

async fn compare(session: &mut Session, sessions: &Sessions) -> sqlx::Result<bool> {
    let session = session.connection()?;
    let first = pid(session).await?;
    let mut other = sessions.connect_another().await;
    for _ in 0..ROUNDS {
        for _ in 0..2 {
            if pid(session).await? != first {
                return Ok(true);
            }
        }
        let Some(other) = &mut other else { continue };
        let begin = async {
            sqlx::raw_sql("BEGIN").execute(&mut *other).await?;
            pid(other).await
        };
        // A pooler may have no session for a second client.
        let Ok(second) = timeout(LONGEST_WAIT, begin).await else { return Ok(false) };
        if second? == first || pid(session).await? != first {
            return Ok(true);
        }
        sqlx::raw_sql("ROLLBACK").execute(other).await?;
    }
    Ok(false)
}

/// Returns the process of the server that runs the statement. The simple protocol is used, because
/// a pooler can separate a prepared statement from its execution.
async fn pid(connection: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::raw_sql(PID).fetch_one(connection).await?.try_get(0)
}
