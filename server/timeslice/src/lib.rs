//! How long a thread wants to run at a turn. Since version 6.12 Linux lets a thread that wakes up and wants little run at
//! once, in the middle of the turn of one that wants more; its share of the processor stays the same, so that this needs
//! no privilege. Older kernels take the wish and do nothing with it; other systems refuse it.

use std::{io, time::Duration};

/// The least that Linux knows, and what an answer from memory takes.
pub const SHORT: Duration = Duration::from_micros(100);

/// Asks for turns of that length for the calling thread and those that it starts from now on; none: of the usual one.
/// Its niceness stays as it is. A thread with another policy than the ordinary one is left alone.
///
/// # Errors
/// When the system does not know of this or forbids it.
pub fn ask_for(length: Option<Duration>) -> io::Result<()> {
    system::ask_for(u64::try_from(length.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX))
}

/// The length of the calling thread's turns; zero where the kernel does not tell.
///
/// # Errors
/// When the system does not know of this or forbids it.
pub fn length() -> io::Result<Duration> {
    system::length().map(Duration::from_nanos)
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "system calls that neither std nor a library wraps")]
mod system {
    use std::{io, mem::size_of};

    use libc::{SCHED_OTHER, SYS_sched_getattr, SYS_sched_setattr, c_long, sched_attr, syscall};

    /// Zero names the calling thread.
    const THIS: c_long = 0;
    const NONE: c_long = 0;

    fn read() -> io::Result<sched_attr> {
        let mut attr = sched_attr {
            size: 0,
            sched_policy: 0,
            sched_flags: 0,
            sched_nice: 0,
            sched_priority: 0,
            sched_runtime: 0,
            sched_deadline: 0,
            sched_period: 0,
        };
        let size = size_of::<sched_attr>();
        // SAFETY: the kernel writes `size` bytes at most, into a structure of integers that is that long and ours.
        let done = unsafe { syscall(SYS_sched_getattr, THIS, &raw mut attr, size, NONE) };
        if done == 0 { Ok(attr) } else { Err(io::Error::last_os_error()) }
    }

    pub(super) fn ask_for(nanos: u64) -> io::Result<()> {
        let mut attr = read()?;
        if i32::try_from(attr.sched_policy) != Ok(SCHED_OTHER) {
            return Ok(());
        }
        attr.sched_runtime = nanos;
        // SAFETY: the kernel reads as many bytes as `attr.size` says, which it has set to what it wrote there itself.
        let done = unsafe { syscall(SYS_sched_setattr, THIS, &raw const attr, NONE) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    pub(super) fn length() -> io::Result<u64> {
        read().map(|attr| attr.sched_runtime)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;

    pub(super) fn ask_for(_nanos: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn length() -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn niceness() -> String {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        stat.rsplit_once(") ").unwrap().1.split(' ').nth(16).unwrap().to_owned()
    }

    #[test]
    fn a_thread_asks_and_takes_it_back_and_stays_as_nice_as_it_was() {
        let nice = niceness();
        // A sandbox may forbid it; then nothing is to be shown.
        if ask_for(None).is_err() {
            return;
        }
        let usual = length().unwrap();
        ask_for(Some(SHORT)).unwrap();
        let now = length().unwrap();
        // A kernel older than 6.12 forgets it.
        assert!(now == SHORT || now == usual, "{now:?}");
        assert_eq!(niceness(), nice);
        ask_for(None).unwrap();
        assert_eq!(length().unwrap(), usual);
        assert_eq!(niceness(), nice);
    }
}
