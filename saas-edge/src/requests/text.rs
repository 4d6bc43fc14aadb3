//! What was counted, as Prometheus reads it.

use std::time::Duration;

use saas_core::metrics::{Kind, Metrics, MetricsText};

use super::{RequestMetrics, RouteCounts};

impl Metrics for RequestMetrics {
    fn write(&self, text: &mut MetricsText) {
        type Read = fn(&RouteCounts) -> u64;
        let series: [(&str, &str, Read); 3] = [
            (
                "requests",
                "Requests that were answered, or given up by their client.",
                |counts| counts.requests,
            ),
            (
                "refused",
                "Requests answered with a status from 400 to 499.",
                |counts| counts.refused,
            ),
            (
                "failed",
                "Requests answered with a status from 500 on.",
                |counts| counts.failed,
            ),
        ];
        let all = self.counts();
        // Routes that nobody has asked for say nothing.
        let asked = || all.iter().filter(|counts| counts.requests > 0);
        for (name, help, read) in series {
            let name = format!("saas_http_{name}_total");
            let mut family = text.family(&name, help, Kind::Counter);
            asked().for_each(|counts| family.count(&[("route", &counts.route)], read(counts)));
        }
        let help = "Time until the heads of the answers.";
        let mut family = text.family("saas_http_seconds_total", help, Kind::Counter);
        asked().for_each(|counts| family.seconds(&[("route", &counts.route)], counts.time));
        let sum = all.iter().map(|counts| counts.time);
        let sum = sum.fold(Duration::ZERO, Duration::saturating_add);
        let help = "Time until the head of an answer.";
        text.histogram("saas_http_duration_seconds", help, &self.times(), sum);
        let help = "Requests answered with a problem.";
        let mut family = text.family("saas_http_problems_total", help, Kind::Counter);
        for (code, count) in self.problems() {
            family.count(&[("code", code.name())], count);
        }
        let help = "Requests refused by a limit of how often.";
        let mut family = text.family("saas_limit_refused_total", help, Kind::Counter);
        for (limit, count) in self.limited() {
            family.count(&[("limit", limit)], count);
        }
    }
}

impl RequestMetrics {
    /// Writes how many requests the [busiest](Self::busiest) tenants had, and all others together, for whoever may know the names of
    /// tenants.
    pub fn write_busiest(&self, number: usize, text: &mut MetricsText) {
        let (tenants, rest) = self.busiest(number);
        let help = "Requests of the busiest tenants since the start, about.";
        let mut family = text.family("saas_tenant_requests", help, Kind::Gauge);
        for (tenant, requests) in tenants {
            family.count(&[("tenant", &tenant.to_string())], requests);
        }
        family.count(&[("tenant", "(others)")], rest);
    }
}
