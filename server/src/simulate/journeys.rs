//! Activations as suppliers' platforms would tell of them: more by day than by night, latencies with a long tail, some
//! by a secondary flow, some failing, some told twice, late, out of order, or by a clock that is wrong. The same seed
//! tells the same story.

use domain::clock::{DAY, HOUR, SECOND, Timestamp};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rand_distr::{Distribution as _, LogNormal, Poisson};
use serde_json::{Value, json};

use super::brown_out::BrownOut;

/// Countries with their share of the activations.
const COUNTRIES: [(&str, f64); 9] = [
    ("FR", 0.16),
    ("IT", 0.13),
    ("ES", 0.13),
    ("DE", 0.12),
    ("PT", 0.08),
    ("GB", 0.13),
    ("US", 0.12),
    ("CA", 0.06),
    ("MX", 0.07),
];
/// Nodes of suppliers; each has a clock of its own.
const SUPPLIERS: [&str; 4] = ["smdp-a/1", "smdp-a/2", "smdp-b/1", "smdp-b/2"];
/// Steps: what follows, the step's name, median and spread of its latency in milliseconds, and why it fails.
const STEPS: [(&str, &str, f64, f64, &str); 3] = [
    ("issued", "issue", 600.0, 0.45, "timeout"),
    ("downloaded", "download", 7_000.0, 0.40, "ineligible_device"),
    ("enabled", "enable", 6_000.0, 0.40, "carrier_refused"),
];

/// What the traffic is like.
#[derive(Debug, Clone)]
pub struct Habits {
    /// Activations a second at the busiest hour.
    pub peak_per_s: f64,
    /// Share of the peak that is left at the quietest hour.
    pub night: f64,
    /// Share of a step that fails on a good day.
    pub failing: f64,
    /// Share that uses a secondary flow.
    pub fallback: f64,
    /// Share of events that are told twice.
    pub twice: f64,
    /// Share of events that are told seconds late, so that others overtake them.
    pub late: f64,
    /// How wrong a supplier's clock is at most, in milliseconds.
    pub skew_ms: i64,
    /// Times when something is wrong.
    pub brown_outs: Vec<BrownOut>,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            peak_per_s: 6.0,
            night: 0.3,
            failing: 0.000_7,
            fallback: 0.04,
            twice: 0.01,
            late: 0.02,
            skew_ms: 150,
            brown_outs: Vec::new(),
        }
    }
}

/// An event with the time at which its source sends it.
pub type Told = (Timestamp, Value);

/// Tells the story of a seed, second by second.
#[derive(Debug)]
pub struct Journeys {
    habits: Habits,
    begun_at: Timestamp,
    random: StdRng,
    skew_ms: [i64; SUPPLIERS.len()],
    count: u64,
    name: String,
}

impl Journeys {
    /// A story that begins at `begun_at`; brown-outs count from there.
    #[must_use]
    pub fn new(habits: Habits, seed: u64, begun_at: Timestamp) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let most = habits.skew_ms;
        let skew_ms = SUPPLIERS.map(|_| if most > 0 { random.random_range(-most..=most) } else { 0 });
        // Two runs of one seed are two stories: their orders must not be taken for each other.
        let name = format!("{seed:x}-{:x}", begun_at.millis());
        Self { habits, begun_at, random, skew_ms, count: 0, name }
    }

    /// Activations a second at a time of the day.
    #[must_use]
    pub fn pace(&self, at: Timestamp) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "milliseconds of a day")]
        let hour = at.millis().rem_euclid(DAY) as f64 / HOUR as f64;
        let day = 0.5 + 0.5 * (std::f64::consts::TAU * (hour - 17.0) / 24.0).cos();
        self.habits.peak_per_s * (self.habits.night + (1.0 - self.habits.night) * day)
    }

    /// The activations that begin in the second from `at`, with everything that will be told of them.
    pub fn second(&mut self, at: Timestamp) -> Vec<Told> {
        let count = Poisson::new(self.pace(at).max(1e-9)).map_or(0.0, |p| p.sample(&mut self.random));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
        let count = count as u64;
        let mut told = Vec::new();
        for _ in 0..count {
            let start = at.plus(self.random.random_range(0..SECOND));
            self.journey(start, &mut told);
        }
        told
    }

    fn country(&mut self) -> &'static str {
        let mut left: f64 = self.random.random();
        for (code, share) in COUNTRIES {
            left -= share;
            if left <= 0.0 {
                return code;
            }
        }
        COUNTRIES[0].0
    }

    fn chance(&mut self, share: f64) -> bool {
        self.random.random_bool(share.clamp(0.0, 1.0))
    }

    fn journey(&mut self, start: Timestamp, told: &mut Vec<Told>) {
        self.count += 1;
        let subject = format!("ord-{}-{:x}", self.name, self.count);
        let country = self.country();
        let node = self.random.random_range(0..SUPPLIERS.len());
        let flow = if self.chance(self.habits.fallback) { "qr" } else { "ota" };
        let data = json!({ "country": country, "supplier": SUPPLIERS[node], "flow": flow });
        let mut at = start;
        self.tell(&subject, "requested", (at, node), data.clone(), told);
        for (kind, step, median, spread, why) in STEPS {
            let since = at.since(self.begun_at) / SECOND;
            let bad = self
                .habits
                .brown_outs
                .iter()
                .find(|b| b.holds(country, SUPPLIERS[node], step, since))
                .cloned();
            let slower = bad.as_ref().map_or(1.0, |b| b.slower);
            let failing = bad.as_ref().map_or(self.habits.failing, |b| b.failing.max(self.habits.failing));
            at = at.plus(self.latency(median * slower, spread));
            if self.chance(failing) {
                let mut data = data.clone();
                data["step"] = json!(step);
                data["error_class"] = json!(if bad.is_some() { "upstream" } else { why });
                self.tell(&subject, "failed", (at, node), data, told);
                return;
            }
            self.tell(&subject, kind, (at, node), data.clone(), told);
        }
    }

    fn latency(&mut self, median_ms: f64, spread: f64) -> i64 {
        let ms = LogNormal::new(median_ms.ln(), spread).map_or(median_ms, |d| d.sample(&mut self.random));
        #[allow(clippy::cast_possible_truncation, reason = "capped far below")]
        let ms = ms.clamp(1.0, 600_000.0) as i64;
        ms
    }

    /// Tells one event, by the clock of its node, now or late, once or twice.
    fn tell(
        &mut self,
        subject: &str,
        kind: &str,
        (at, node): (Timestamp, usize),
        data: Value,
        told: &mut Vec<Told>,
    ) {
        let event = json!({
            "specversion": "1.0", "id": format!("{subject}-{kind}"), "source": format!("/sim/{}", SUPPLIERS[node]),
            "type": format!("esim.activation.{kind}"), "subject": subject, "time": at.plus(self.skew_ms[node]).rfc3339(), "data": data,
        });
        let late =
            if self.chance(self.habits.late) { self.random.random_range(SECOND..8 * SECOND) } else { 20 };
        if self.chance(self.habits.twice) {
            told.push((at.plus(late + self.random.random_range(0..5 * SECOND)), event.clone()));
        }
        told.push((at.plus(late), event));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_772_438_400_000);

    fn day(seed: u64, habits: Habits) -> Vec<Told> {
        let mut journeys = Journeys::new(habits, seed, START);
        (0..600).flat_map(|s| journeys.second(START.plus(s * SECOND))).collect()
    }

    #[test]
    fn a_seed_tells_one_story() {
        assert_eq!(day(7, Habits::default()), day(7, Habits::default()));
        assert_ne!(day(7, Habits::default()), day(8, Habits::default()));
    }

    #[test]
    fn nights_are_quieter_than_days() {
        let journeys = Journeys::new(Habits::default(), 1, START);
        let at = |hour: i64| {
            journeys.pace(Timestamp::from_millis(START.millis().div_euclid(DAY) * DAY).plus(hour * HOUR))
        };
        assert!((at(17) - 6.0).abs() < 1e-6 && (at(5) - 1.8).abs() < 1e-6, "{} {}", at(17), at(5));
    }

    #[test]
    fn a_brown_out_fails_where_and_when_it_is_said_to() {
        let brown = "FR download 60% 100s 300s".parse().expect("a brown-out");
        let told = day(3, Habits { peak_per_s: 40.0, brown_outs: vec![brown], ..Habits::default() });
        let failed = |country: &str| {
            told.iter()
                .filter(|(_, e)| e["type"] == "esim.activation.failed" && e["data"]["country"] == country)
                .count()
        };
        assert!(failed("FR") > 200, "{}", failed("FR"));
        assert!(failed("IT") < 20, "{}", failed("IT"));
        for (at, event) in told.iter().filter(|(_, e)| e["data"]["error_class"] == "upstream") {
            let since = at.since(START) / SECOND;
            assert!((100..330).contains(&since), "{since} {event}");
        }
    }
}
