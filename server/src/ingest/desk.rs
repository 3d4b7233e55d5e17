//! Where bodies are read: so many bytes at once and no more, and large ones on a thread that gives way to visitors.

use std::sync::Arc;

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::answer::Problem;
use crate::worker::background::{self, Threads, Way};

/// Bodies that are being read, or whose events wait for the disk, in bytes: what is read takes ten times as much. Small
/// ones have room of their own: whoever sends large ones turns no single event away.
const BODIES: usize = 4 * 1024 * 1024;
const SMALL_BODIES: usize = 2 * 1024 * 1024;
/// Larger ones are read on the desk's own thread.
const LARGE: usize = 16 * 1024;

type Work = Box<dyn FnOnce() + Send>;

/// The desk.
pub(super) struct Desk {
    large: Arc<Semaphore>,
    small: Arc<Semaphore>,
    work: mpsc::UnboundedSender<Work>,
}

/// A body that may be read; its place is free when this is dropped.
#[derive(Debug)]
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
        let [large, small] = [BODIES, SMALL_BODIES].map(|bytes| Arc::new(Semaphore::new(bytes)));
        Self { large, small, work }
    }

    /// Lets a body in that has arrived whole: before that, whoever sends slowly would keep out the rest.
    ///
    /// # Errors
    /// When too much is being read already.
    pub(super) fn admit(&self, body: Bytes) -> Result<Admitted, Problem> {
        let room = if body.len() > LARGE { &self.large } else { &self.small };
        let bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
        match Arc::clone(room).try_acquire_many_owned(bytes) {
            Ok(place) => Ok(Admitted { body, _place: place }),
            Err(_) => Err(Problem::busy()),
        }
    }

    /// Reads a body. Its place comes back with what was read; of a client that goes away meanwhile it is held until the
    /// work has ended, so that going away makes no room for more.
    ///
    /// # Errors
    /// What the work returns, or when it broke.
    pub(super) async fn read<T, F>(&self, admitted: Admitted, work: F) -> Result<(T, Admitted), Problem>
    where
        T: Send + 'static,
        F: FnOnce(&[u8]) -> Result<T, Problem> + Send + 'static,
    {
        if admitted.body.len() <= LARGE {
            return work(&admitted.body).map(|read| (read, admitted));
        }
        let broke = |_| {
            let detail = "The body could not be read. Nothing of this request was kept.".into();
            Problem::new(500, "broken", "Something is wrong here", detail)
        };
        let (reply, answer) = oneshot::channel();
        let work = Box::new(move || {
            if !reply.is_closed() {
                let read = work(&admitted.body).map(|read| (read, admitted));
                drop(reply.send(read)); // nobody waits for it: its place is free now
            }
        });
        if self.work.send(work).is_err() {
            return Err(Problem::busy());
        }
        answer.await.map_err(broke)?
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc as gate, thread};

    use axum::{http::StatusCode, response::IntoResponse as _};

    use super::*;

    fn body(bytes: usize) -> Bytes {
        vec![b' '; bytes].into()
    }

    const MIB: usize = 1024 * 1024;

    #[tokio::test]
    async fn so_much_is_read_at_once_and_the_rest_comes_again() {
        let desk = Desk::start();
        let mut held = Vec::new();
        let refused = loop {
            match desk.admit(body(MIB)) {
                Ok(admitted) => held.push(admitted),
                Err(problem) => break problem.into_response(),
            }
        };
        assert_eq!(held.len(), 4);
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()["retry-after"], "1");
        assert!(desk.admit(body(LARGE + 1)).is_err());
        assert_eq!(held.pop().map(|admitted| admitted.body.len()), Some(MIB));
        assert!(desk.admit(body(LARGE + 1)).is_ok(), "a place is free again");
    }

    #[tokio::test]
    async fn large_bodies_turn_no_small_one_away_and_small_ones_have_an_end_too() {
        let desk = Desk::start();
        let large: Vec<Admitted> = std::iter::from_fn(|| desk.admit(body(MIB)).ok()).collect();
        let small: Vec<Admitted> = std::iter::from_fn(|| desk.admit(body(LARGE)).ok()).collect();
        assert_eq!((large.len(), small.len()), (4, SMALL_BODIES / LARGE));
    }

    #[tokio::test]
    async fn large_bodies_are_read_elsewhere_and_one_that_breaks_dies_alone() {
        let desk = Desk::start();
        let here = thread::current().id();
        let at = async |bytes| {
            let admitted = desk.admit(body(bytes)).unwrap();
            desk.read(admitted, |_| Ok(thread::current().id())).await.unwrap().0
        };
        assert_eq!(at(LARGE).await, here);
        assert_ne!(at(LARGE + 1).await, here);
        let admitted = desk.admit(body(MIB)).unwrap();
        let broken = desk.read::<(), _>(admitted, |_| panic!("poison")).await.unwrap_err().into_response();
        assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
        drop(desk.large.acquire_many(u32::try_from(BODIES).unwrap()).await.unwrap()); // its place comes back a little later
        assert_ne!(at(BODIES).await, here, "the next is read, and no place was lost");
    }

    #[tokio::test]
    async fn whoever_goes_away_makes_no_room_before_the_work_has_ended() {
        let desk = Arc::new(Desk::start());
        let ((begun, begins), (go_on, goes_on)) = (gate::channel(), gate::channel::<()>());
        let admitted = desk.admit(body(BODIES)).unwrap();
        let reader = Arc::clone(&desk);
        let client = tokio::spawn(async move {
            let work = move |_: &[u8]| {
                begun.send(()).unwrap();
                goes_on.recv().unwrap();
                Ok(())
            };
            reader.read(admitted, work).await.map(drop)
        });
        tokio::task::spawn_blocking(move || begins.recv().unwrap()).await.unwrap();
        client.abort();
        assert!(client.await.unwrap_err().is_cancelled());
        assert!(desk.admit(body(MIB)).is_err(), "it is being read still");
        go_on.send(()).unwrap();
        let bytes = u32::try_from(BODIES).unwrap();
        drop(desk.large.acquire_many(bytes).await.unwrap()); // comes to an end only when its place is free
        assert!(desk.admit(body(MIB)).is_ok());
    }
}
