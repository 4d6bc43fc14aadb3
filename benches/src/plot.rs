//! Pictures of tables, as SVG.

use std::path::Path;

use plotters::prelude::*;

use crate::record::{Record, number};

const SIZE: (u32, u32) = (900, 420);

/// A bar for each row, on a scale that grows tenfold with each step.
pub(crate) fn bars(file: &Path, title: &str, rows: &[&Record], figure: &str) {
    let bars: Vec<(&str, f64)> = rows
        .iter()
        .filter_map(|row| Some((row.row.as_str(), value(row, figure)?)))
        .collect();
    let top = bars.iter().map(|(_, size)| *size).fold(1.0, f64::max) * 3.0;
    let low = bars.iter().map(|(_, size)| *size).fold(f64::MAX, f64::min) / 2.0;
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE).unwrap();
    let count = bars.len() as f64;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .build_cartesian_2d((low..top).log_scale(), 0.0..count)
        .unwrap();
    chart
        .configure_mesh()
        .disable_y_axis()
        .disable_y_mesh()
        .x_desc(figure)
        .draw()
        .unwrap();
    for (at, (name, size)) in bars.iter().enumerate() {
        let bottom = count - 1.0 - at as f64;
        let ours = name.starts_with("starter");
        let color = if ours {
            RGBColor(40, 110, 190)
        } else {
            RGBColor(190, 200, 210)
        };
        let corners = [(low, bottom + 0.1), (*size, bottom + 0.9)];
        chart
            .draw_series([Rectangle::new(corners, color.filled())])
            .unwrap();
        let label = format!("{name}: {}", number(*size));
        chart
            .draw_series([Text::new(
                label,
                (low * 1.05, bottom + 0.65),
                ("sans-serif", 13),
            )])
            .unwrap();
    }
    root.present().unwrap();
}

/// A line over rows of which each begins with its number, both scales growing tenfold with each step.
pub(crate) fn line(file: &Path, title: &str, rows: &[&Record], figure: &str) {
    let points: Vec<(f64, f64)> = rows
        .iter()
        .filter_map(|row| Some((leading(&row.row)?, value(row, figure)?)))
        .collect();
    let (least, most) = points
        .iter()
        .fold((f64::MAX, 1.0_f64), |(least, most), point| {
            (least.min(point.0), most.max(point.0))
        });
    let top = points.iter().map(|point| point.1).fold(1.0, f64::max);
    let low = points.iter().map(|point| point.1).fold(f64::MAX, f64::min);
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE).unwrap();
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(
            (least..most).log_scale(),
            (low / 10.0..top * 10.0).log_scale(),
        )
        .unwrap();
    chart.configure_mesh().y_desc(figure).draw().unwrap();
    let color = RGBColor(40, 110, 190);
    chart
        .draw_series(LineSeries::new(
            points.iter().copied(),
            color.stroke_width(2),
        ))
        .unwrap();
    let dots = points
        .iter()
        .map(|point| Circle::new(*point, 4, color.filled()));
    chart.draw_series(dots).unwrap();
    root.present().unwrap();
}

fn value(row: &Record, figure: &str) -> Option<f64> {
    let found = row.figures.iter().find(|(name, _)| name == figure);
    found.map(|(_, value)| *value)
}

fn leading(text: &str) -> Option<f64> {
    let digits = text.split(' ').next()?.replace(',', "");
    digits.parse().ok()
}
