//! Advice for the operator: benchmark figures as sentences, with what is poor and what would help.

use super::args::SPARE;
use super::figures::{FanoutFigures, Figures, IdleFigures, SendFigures};
use super::machine::Machine;
use super::report::{about, grouped};

/// A disk that takes this long to flush one write is the bottleneck of every send.
const SLOW_SYNC_MS: f64 = 8.0;
/// A delay of this length is noticeable to people.
const SLOW_MS: f64 = 100.0;
/// A processor that is this busy is not so by chance.
const BUSY: f64 = 0.25;
/// The share of offered messages that must be acknowledged for the server to count as keeping up.
const KEPT_UP: f64 = 0.9;
/// The resolution of the system's processor times, in microseconds (proc(5), `USER_HZ`).
const TICK_US: f64 = 10_000.0;
/// Processor use below this share of a core is small.
const SMALL_PERCENT: f64 = 10.0;

/// Explains the figures in sentences for the operator: first what the server can do, then what is poor and what would
/// help.
pub(super) fn verdict(figures: &Figures) -> Vec<String> {
    let Figures { store, fan_out, idle, durable_send, .. } = figures;
    let mut verdict = reach(fan_out);
    verdict.extend(cost(idle, figures.seconds));
    verdict.push(safety(durable_send, store));
    let poor = poor(figures);
    if poor.is_empty() {
        verdict.push("No weak spot was found.".into());
    }
    verdict.extend(poor);
    verdict.push("All of it was measured on this machine; what the network takes comes on top.".into());
    verdict
}

fn reach(
    FanoutFigures { subscribers, one_at_a_time: one, many_at_once: many }: &FanoutFigures,
) -> Vec<String> {
    let people = grouped(u64::from(*subscribers));
    vec![
        format!(
            "{people} people in one group: a message reaches half of them within {} and 99 of 100 within {}.",
            ms(one.median_ms),
            ms(one.p99_ms)
        ),
        format!(
            "When many write at once, about {} messages a second reach all of them: {} deliveries a second.",
            about(many.deliveries_per_s / f64::from(*subscribers)),
            about(many.deliveries_per_s)
        ),
    ]
}

fn cost(IdleFigures { connections, rest }: &IdleFigures, seconds: u64) -> Option<String> {
    // Without memory figures from the system there is nothing to report.
    if rest.rss_kib_each <= 0.0 {
        return None;
    }
    let holds = about(1_024.0 * 1_024.0 / rest.rss_kib_each);
    let memory = format!(
        "Each connected person costs {:.1} KiB of memory: 1 GiB holds about {holds}.",
        rest.rss_kib_each
    );
    // n microseconds per second for each connection are n percent of a core for 10,000.
    let finest =
        TICK_US / f64::from(*connections) / f64::from(u32::try_from(seconds).unwrap_or(u32::MAX).max(1));
    let percent = rest.cpu_us_each;
    Some(if percent > finest {
        format!("{memory} 10,000 who are only there take about {percent:.1} % of one core.")
    } else if finest < SMALL_PERCENT {
        format!("{memory} 10,000 who are only there take less than {:.0} % of one core.", finest.ceil())
    } else {
        memory
    })
}

fn safety(SendFigures { steady, flat_out, .. }: &SendFigures, store: &str) -> String {
    let safe = if store == "memory" { "answered" } else { "safe on disk" };
    format!(
        "A message is {safe} after {} (median; 99 of 100 after {}); at most about {} a second.",
        ms(steady.median_ms),
        ms(steady.p99_ms),
        about(flat_out.acks_per_s)
    )
}

/// Returns sentences about what is poor, each with what would help.
fn poor(figures: &Figures) -> Vec<String> {
    let Figures { machine, fan_out, idle, durable_send, .. } = figures;
    let (busy, disk) = (busy(machine), slow_disk(machine, durable_send));
    let explained = busy.is_some() || disk.is_some();
    let processor = if explained { None } else { slow_processor(figures) };
    let lost = u64::from(idle.rest.lost) + fan_out.one_at_a_time.kicked + fan_out.many_at_once.kicked;
    let lost = (lost > 0).then(|| {
        format!(
            "{} connections were lost: the server lets go of who takes nothing for ten seconds. More or faster cores \
             would help.",
            grouped(lost)
        )
    });
    [busy, disk, processor, lost, few_descriptors(machine)].into_iter().flatten().collect()
}

fn busy(machine: &Machine) -> Option<String> {
    let busy = machine.busy.filter(|busy| *busy > BUSY)? * 100.0;
    Some(format!(
        "The machine was busy already: {busy:.0} % of its processor was taken before anything began. It can do more than \
         these figures say; measure again while nothing else runs."
    ))
}

fn slow_disk(machine: &Machine, sending: &SendFigures) -> Option<String> {
    let sync = machine.sync_ms.filter(|sync| *sync > SLOW_SYNC_MS)?;
    let wait = sending.steady.median_ms;
    (sync > wait / 3.0).then(|| {
        format!(
            "The disk is slow: it takes {} to make one write safe, and that is what a message waits for. Put the data \
             folder (--data) on another disk: an SSD, best one that keeps its cache when the power fails, and no network \
             disk.",
            ms(sync)
        )
    })
}

fn slow_processor(figures: &Figures) -> Option<String> {
    let Figures { fan_out, durable_send: SendFigures { offered_per_s, steady, .. }, machine, .. } = figures;
    let slow = if steady.acks_per_s < KEPT_UP * f64::from(*offered_per_s) {
        format!("It does not keep up with {} messages a second", grouped(u64::from(*offered_per_s)))
    } else if fan_out.one_at_a_time.p99_ms > SLOW_MS {
        format!("It takes {} until a message has reached almost everybody", ms(fan_out.one_at_a_time.p99_ms))
    } else if steady.p99_ms > SLOW_MS {
        format!("Some messages wait {} for their answer", ms(steady.p99_ms))
    } else {
        return None;
    };
    Some(format!("{slow}: more or faster cores would help (there are {}).", machine.cores))
}

fn few_descriptors(machine: &Machine) -> Option<String> {
    let (may, needs) = (machine.descriptors, machine.sockets.saturating_add(SPARE));
    (may < needs).then(|| {
        format!(
            "Only about {} people can be connected at once: each is an open file, and this process may have {}. For the {} \
             that the server would let in (--sockets), start it with ulimit -n {needs}, or LimitNOFILE={needs} in its \
             systemd unit.",
            grouped(may.saturating_sub(SPARE)),
            grouped(may),
            grouped(machine.sockets)
        )
    })
}

/// Formats a duration for people.
fn ms(ms: f64) -> String {
    if ms < 0.95 {
        format!("{ms:.2} ms")
    } else if ms < 99.5 {
        format!("{ms:.1} ms")
    } else {
        format!("{ms:.0} ms")
    }
}

#[cfg(test)]
mod tests {
    use probe::durable::Acknowledged;
    use probe::fanout::Measured;
    use probe::idle::Rest;

    use super::*;

    fn delivered(deliveries_per_s: f64, median_ms: f64, p99_ms: f64) -> Measured {
        let (deliveries_per_cpu_s, rss_kib_each) = (None, None);
        Measured {
            messages: 1,
            deliveries_per_s,
            median_ms,
            p99_ms,
            deliveries_per_cpu_s,
            rss_kib_each,
            surplus: 0,
            kicked: 0,
        }
    }

    fn good() -> Figures {
        let (one, many) = (delivered(149_777.0, 4.31, 9.28), delivered(5_792_189.0, 12.3, 26.7));
        let rest = Rest { rss_kib_each: 2.29, cpu_us_each: 0.0, lost: 0 };
        let steady = Acknowledged { acks_per_s: 1_003.0, median_ms: 1.81, p99_ms: 5.35 };
        let flat_out = Acknowledged { acks_per_s: 54_016.0, median_ms: 4.28, p99_ms: 10.17 };
        Figures {
            store: "sqlite",
            seconds: 3,
            machine: Machine {
                cores: 2,
                busy: Some(0.02),
                descriptors: 20_000,
                sockets: 10_000,
                sync_ms: Some(0.9),
            },
            fan_out: FanoutFigures { subscribers: 1_000, one_at_a_time: one, many_at_once: many },
            idle: IdleFigures { connections: 2_000, rest },
            durable_send: SendFigures { senders: 64, offered_per_s: 1_000, steady, flat_out },
        }
    }

    #[test]
    fn a_good_machine_is_told_what_it_can_do_and_that_nothing_is_poor() {
        assert_eq!(
            verdict(&good()),
            [
                "1,000 people in one group: a message reaches half of them within 4.3 ms and 99 of 100 within 9.3 ms.",
                "When many write at once, about 5,800 messages a second reach all of them: 5,800,000 deliveries a second.",
                "Each connected person costs 2.3 KiB of memory: 1 GiB holds about 460,000. 10,000 who are only there take \
                 less than 2 % of one core.",
                "A message is safe on disk after 1.8 ms (median; 99 of 100 after 5.3 ms); at most about 54,000 a second.",
                "No weak spot was found.",
                "All of it was measured on this machine; what the network takes comes on top.",
            ]
        );
    }

    #[test]
    fn a_slow_disk_is_named_with_what_would_be_better() {
        let mut figures = good();
        figures.machine.sync_ms = Some(22.4);
        figures.durable_send.steady.median_ms = 31.0;
        figures.durable_send.steady.p99_ms = 140.0;
        let [poor] = &poor(&figures)[..] else { panic!("one sentence") };
        assert!(poor.starts_with("The disk is slow: it takes 22.4 ms to make one write safe"), "{poor}");
        assert!(poor.contains("on another disk"), "{poor}");
        // Delays that the disk does not explain are not blamed on it.
        figures.durable_send.steady.median_ms = 90.0;
        let [poor] = &super::poor(&figures)[..] else { panic!("one sentence") };
        assert!(
            poor.starts_with("Some messages wait 140 ms for their answer: more or faster cores"),
            "{poor}"
        );
    }

    #[test]
    fn few_descriptors_are_named_with_the_setting_that_raises_them() {
        let mut figures = good();
        figures.machine.descriptors = 1_024;
        let [poor] = &poor(&figures)[..] else { panic!("one sentence") };
        assert!(poor.starts_with("Only about 924 people can be connected at once"), "{poor}");
        assert!(poor.contains("ulimit -n 10100") && poor.contains("LimitNOFILE=10100"), "{poor}");
    }

    #[test]
    fn a_busy_machine_is_blamed_on_nothing_else() {
        let mut figures = good();
        figures.machine.busy = Some(0.62);
        figures.fan_out.one_at_a_time.p99_ms = 400.0;
        figures.durable_send.steady.acks_per_s = 500.0;
        let [poor] = &poor(&figures)[..] else { panic!("one sentence") };
        assert!(poor.starts_with("The machine was busy already: 62 %"), "{poor}");
        assert!(poor.contains("measure again"), "{poor}");
    }

    #[test]
    fn a_slow_processor_is_told_by_what_people_notice() {
        let mut figures = good();
        figures.fan_out.one_at_a_time.p99_ms = 400.0;
        assert!(
            poor(&figures)[0].starts_with("It takes 400 ms until a message has reached almost everybody")
        );
        figures.durable_send.steady.acks_per_s = 500.0;
        assert!(poor(&figures)[0].starts_with("It does not keep up with 1,000 messages a second"));
        figures.idle.rest.lost = 12;
        assert!(poor(&figures)[1].starts_with("12 connections were lost"));
    }

    #[test]
    fn processor_time_is_told_as_finely_as_the_system_counts_it() {
        let mut idle = good().idle;
        idle.rest.cpu_us_each = 2.5;
        assert!(cost(&idle, 3).unwrap().ends_with("take about 2.5 % of one core."));
        idle.connections = 50;
        assert!(cost(&idle, 1).unwrap().ends_with("1 GiB holds about 460,000."));
        idle.rest.rss_kib_each = 0.0;
        assert_eq!(cost(&idle, 1), None);
    }

    #[test]
    fn what_is_kept_in_memory_is_not_called_safe() {
        let figures = Figures { store: "memory", ..good() };
        assert!(verdict(&figures)[3].starts_with("A message is answered after 1.8 ms"));
    }
}
