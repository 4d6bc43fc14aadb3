//! What processes have used (proc(5)).

/// The seconds of user and system time of a process.
pub(crate) fn processor_seconds(process: u32) -> f64 {
    Times::of(process).map_or(0.0, |times| times.own)
}

/// The seconds of a process, of its children, and of those that it has waited for.
pub(crate) fn processor_seconds_of_all(parent: u32) -> f64 {
    let own = Times::of(parent).map_or(0.0, |times| times.own + times.ended);
    let children = processes().filter_map(Times::of);
    let children = children.filter(|times| times.parent == parent);
    own + children.map(|times| times.own).sum::<f64>()
}

/// The process that has started another.
pub(crate) fn parent(process: u32) -> u32 {
    Times::of(process).expect("the process runs").parent
}

/// The memory of a process and its children, in MiB.
pub(crate) fn memory_of_all(parent: u32) -> f64 {
    let children = processes().filter(|&process| {
        process == parent || Times::of(process).is_some_and(|times| times.parent == parent)
    });
    children.map(memory).sum()
}

/// The memory of a process in MiB (`VmRSS`).
pub(crate) fn memory(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes =
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kibibytes.unwrap_or_default() / 1024.0
}

fn processes() -> impl Iterator<Item = u32> {
    let folder = std::fs::read_dir("/proc").unwrap();
    folder.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

struct Times {
    parent: u32,
    own: f64,
    ended: f64,
}

impl Times {
    fn of(process: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name may have anything in it, so it is counted from its end on.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        // Linux counts a hundred ticks a second everywhere that matters.
        let seconds = |at: usize| fields[at].parse::<f64>().unwrap_or_default() / 100.0;
        Some(Self {
            parent: fields[1].parse().ok()?,
            own: seconds(11) + seconds(12),
            ended: seconds(13) + seconds(14),
        })
    }
}
