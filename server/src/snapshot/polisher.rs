//! The thread that compresses as well as possible. It gives way to those that answer visitors.

use std::sync::mpsc::{Sender, channel};

use tokio::sync::oneshot;

use crate::worker::background::{Way, give_way};

type Job = Box<dyn FnOnce() + Send>;

/// A thread for work that nobody waits for.
pub(super) struct Polisher {
    jobs: Sender<Job>,
}

impl Polisher {
    /// Starts the thread, which ends with its owner.
    pub(super) fn start() -> Self {
        let (jobs, queue) = channel::<Job>();
        let polish = move || {
            give_way(Way::All);
            queue.iter().for_each(|job| job());
        };
        if let Err(error) = std::thread::Builder::new().name("polisher".to_owned()).spawn(polish) {
            tracing::error!(%error, "the thread that compresses did not start");
        }
        Self { jobs }
    }

    /// Does a piece of work there, in the order of the calls; none if it broke.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (done, result) = oneshot::channel();
        let job = move || {
            let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            if let Ok(made) = made {
                let _gone = done.send(made);
            }
        };
        self.jobs.send(Box::new(job)).ok()?;
        result.await.ok()
    }
}
