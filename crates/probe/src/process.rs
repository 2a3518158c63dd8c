//! Resource usage of a process, from `/proc` on Linux.

use std::fs;

use serde::Serialize;

/// The resources that a process holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// Its resident memory, in KiB.
    pub rss_kib: u64,
    /// Its open descriptors.
    pub descriptors: u64,
    /// Its threads, as the kernel counts them.
    pub threads: u64,
}

/// Clock ticks per second in `/proc`: fixed for programs, regardless of the kernel's own rate (proc(5), `USER_HZ`).
const TICKS: f64 = 100.0;

/// Returns the processor time of a process, user and system, in seconds.
pub fn cpu_s(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may contain spaces and brackets; the numbers come after the last bracket.
    let (_, numbers) = stat.rsplit_once(')')?;
    let mut ticks = numbers.split_whitespace().skip(11).map(|number| number.parse::<f64>().ok());
    Some((ticks.next()?? + ticks.next()??) / TICKS)
}

/// Returns the resident memory of a process, in KiB.
pub fn rss_kib(pid: u32) -> Option<u64> {
    status(pid, "VmRSS:")
}

/// Returns the resources that a process holds now.
pub fn holding(pid: u32) -> Option<Holding> {
    Some(Holding {
        rss_kib: rss_kib(pid)?,
        descriptors: fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64,
        threads: status(pid, "Threads:")?,
    })
}

fn status(pid: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_spends_time() {
        let pid = std::process::id();
        assert!(rss_kib(pid).is_some_and(|kib| kib > 100));
        let before = cpu_s(pid).unwrap();
        let mut sum = 0u64;
        while cpu_s(pid).unwrap() <= before {
            sum = (0..1_000_000u64).fold(sum, u64::wrapping_add);
        }
        assert!(sum > 0);
        assert_eq!(rss_kib(u32::MAX), None);
    }

    #[test]
    fn what_is_open_is_held() {
        let pid = std::process::id();
        let before = holding(pid).unwrap();
        assert!(before.threads >= 1 && before.descriptors >= 3, "{before:?}");
        let open: Vec<_> = (0..100).map(|_| fs::File::open("/proc/self/status").unwrap()).collect();
        // Other tests of this process open and close files meanwhile.
        assert!(holding(pid).unwrap().descriptors + 50 > before.descriptors + open.len() as u64);
        assert_eq!(holding(u32::MAX), None);
    }
}
