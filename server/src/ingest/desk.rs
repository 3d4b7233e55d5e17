//! Where bodies are read: so many bytes at once and no more, and large ones on a thread that gives way to visitors.

use std::sync::Arc;

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::answer::Problem;
use crate::worker::background::{self, Threads, Way};

/// Bodies that are being read, or whose events wait for the disk, in bytes: what is read takes ten times as much.
const BODIES: usize = 6 * 1024 * 1024;
/// Larger ones are read on the desk's own thread.
const LARGE: usize = 16 * 1024;

type Work = Box<dyn FnOnce() + Send>;

/// The desk.
pub(super) struct Desk {
    budget: Arc<Semaphore>,
    work: mpsc::UnboundedSender<Work>,
}

/// A body that may be read; its place is free when this is dropped.
pub(super) struct Admitted {
    pub(super) body: Bytes,
    _place: OwnedSemaphorePermit,
}

impl Desk {
    /// Starts its thread, which ends with it.
    pub(super) fn start() -> Self {
        let (work, mut todo) = mpsc::unbounded_channel::<Work>();
        tokio::spawn(background::run("doors", Threads::One, Way::Some, async move {
            while let Some(work) = todo.recv().await {
                // As a task: one that panics dies alone.
                let _ = tokio::spawn(async { work() }).await;
            }
        }));
        Self { budget: Arc::new(Semaphore::new(BODIES)), work }
    }

    /// Lets a body in that has arrived whole: before that, whoever sends slowly would keep out the rest.
    ///
    /// # Errors
    /// When too much is being read already.
    pub(super) fn admit(&self, body: Bytes) -> Result<Admitted, Problem> {
        let bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
        match Arc::clone(&self.budget).try_acquire_many_owned(bytes) {
            Ok(place) => Ok(Admitted { body, _place: place }),
            Err(_) => Err(Problem::busy()),
        }
    }

    /// Does what takes long for a large body.
    ///
    /// # Errors
    /// What the work returns, or when it broke.
    pub(super) async fn read<T, F>(&self, bytes: usize, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Problem> + Send + 'static,
    {
        if bytes <= LARGE {
            return work();
        }
        let broke = |_| {
            let detail = "The body could not be read. Nothing of this request was kept.".into();
            Problem::new(500, "broken", "Something is wrong here", detail)
        };
        let (reply, answer) = oneshot::channel();
        // Whoever has gone away is not answered.
        let work = Box::new(move || drop(reply.send(work())));
        if self.work.send(work).is_err() {
            return Err(Problem::busy());
        }
        answer.await.map_err(broke)?
    }
}

#[cfg(test)]
mod tests {
    use axum::{http::StatusCode, response::IntoResponse as _};

    use super::*;

    fn body(bytes: usize) -> Bytes {
        vec![b' '; bytes].into()
    }

    #[tokio::test]
    async fn so_much_is_read_at_once_and_the_rest_comes_again() {
        let desk = Desk::start();
        let mut held = Vec::new();
        let refused = loop {
            match desk.admit(body(1024 * 1024)) {
                Ok(admitted) => held.push(admitted),
                Err(problem) => break problem.into_response(),
            }
        };
        assert_eq!(held.len(), 6);
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()["retry-after"], "1");
        assert!(desk.admit(body(0)).is_ok(), "an empty one finds room");
        assert!(desk.admit(body(1)).is_err());
        assert_eq!(held.pop().map(|admitted| admitted.body.len()), Some(1024 * 1024));
        assert!(desk.admit(body(1)).is_ok(), "a place is free again");
    }

    #[tokio::test]
    async fn large_bodies_are_read_elsewhere_and_one_that_breaks_dies_alone() {
        let desk = Desk::start();
        let here = std::thread::current().id();
        let at = || Ok(std::thread::current().id());
        assert_eq!(desk.read(LARGE, at).await.ok(), Some(here));
        assert!(desk.read(LARGE + 1, at).await.is_ok_and(|there| there != here));
        let broken = desk.read::<(), _>(LARGE + 1, || panic!("poison")).await.unwrap_err().into_response();
        assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(desk.read(LARGE + 1, at).await.is_ok_and(|there| there != here), "the next is read");
    }
}
