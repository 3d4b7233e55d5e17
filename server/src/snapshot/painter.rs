//! Threads that render and compress. They give way to those that answer visitors, so that a publish is not felt by
//! readers.

use std::sync::mpsc::{Sender, channel};

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// A thread for work that nobody's answer should wait behind.
pub(super) struct Painter {
    jobs: Sender<Job>,
}

impl Painter {
    /// Starts the thread, which ends with its owner. `nice` says how much it gives way, on the scale of nice(2): at 8
    /// it gets a seventh of a busy core, at 19 a hundredth.
    pub(super) fn start(nice: i32) -> Self {
        let (jobs, queue) = channel::<Job>();
        let paint = move || {
            #[cfg(target_os = "linux")]
            if let Err(error) = rustix::process::setpriority_process(None, nice) {
                tracing::debug!(%error, "rendering keeps the priority of the rest");
            }
            queue.iter().for_each(|job| job());
        };
        if let Err(error) = std::thread::Builder::new().name("painter".to_owned()).spawn(paint) {
            tracing::error!(%error, "a thread for rendering did not start");
        }
        Self { jobs }
    }

    /// Does a piece of work there, in the order of the calls; none if it broke.
    pub(super) async fn paint<T: Send + 'static>(
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
