//! The Prometheus metrics of a server under test.

use std::collections::BTreeMap;

/// The values of metrics, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Parses the text format; samples with labels are summed under their name.
    pub fn read(text: &str) -> Self {
        let mut metrics = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            let name = name.split('{').next().unwrap_or(name);
            if let Ok(value) = value.parse::<f64>() {
                *metrics.entry(name.to_owned()).or_default() += value;
            }
        }
        Self(metrics)
    }

    /// Returns the value of a metric, named without the product's prefix; `None` if the server has no such metric.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<f64> {
        self.0.get(&format!("hubbub_{name}")).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_has_its_name_and_a_family_is_one_sum() {
        let text = "# TYPE hubbub_sockets gauge\nhubbub_sockets 3\n\
                    hubbub_resets_total{reason=\"ahead\"} 1\nhubbub_resets_total{reason=\"trimmed\"} 2\n# EOF\n";
        let metrics = Metrics::read(text);
        assert_eq!((metrics.of("sockets"), metrics.of("resets_total")), (Some(3.0), Some(3.0)));
        assert_eq!(metrics.of("nothing"), None);
    }
}
