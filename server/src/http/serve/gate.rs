//! How many connections there may be, in all and from one address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections in all, and from one address.
const CONNECTIONS: usize = 16_384;
const CONNECTIONS_PER_IP: usize = 256;

/// Counts connections, in all and per address.
pub(super) struct Gate {
    all: Arc<Semaphore>,
    by_ip: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(CONNECTIONS)), by_ip: Arc::default() }
    }
}

impl Gate {
    /// A pass for one connection, or none when the house or the address is full: it is closed unanswered then.
    pub(super) fn admit(&self, ip: IpAddr) -> Option<Pass> {
        let all = self.all.clone().try_acquire_owned().ok()?;
        let mut by_ip = self.by_ip.lock().unwrap_or_else(PoisonError::into_inner);
        let held = by_ip.entry(ip).or_insert(0);
        if *held >= CONNECTIONS_PER_IP {
            return None;
        }
        *held += 1;
        drop(by_ip);
        Some(Pass { ip, by_ip: self.by_ip.clone(), _all: all })
    }
}

pub(super) struct Pass {
    ip: IpAddr,
    by_ip: Arc<Mutex<HashMap<IpAddr, usize>>>,
    _all: OwnedSemaphorePermit,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut by_ip = self.by_ip.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = by_ip.get_mut(&self.ip) {
            *held -= 1;
            if *held == 0 {
                by_ip.remove(&self.ip);
            }
        }
    }
}
