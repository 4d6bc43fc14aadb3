//! Packages of the system.

use std::process::{Command, Stdio};

use crate::run;

/// Installs a package with apt, where that is allowed; of PostgreSQL without the server that Debian
/// would start.
pub(crate) fn apt(package: &str) -> Result<(), String> {
    if !run::exists("apt-get") {
        return Err("there is no apt-get to install it".to_owned());
    }
    let root = run::output(Command::new("id").arg("-u"))?.trim() == "0";
    let sudo = !root
        && Command::new("sudo")
            .args(["-n", "true"])
            .output()
            .is_ok_and(|output| output.status.success());
    if !root && !sudo {
        return Err("installing it needs root".to_owned());
    }
    println!("== installing {package}");
    // A package that would start a server of its own is kept from it for as long as apt runs.
    let script = format!(
        "export DEBIAN_FRONTEND=noninteractive
        policy=/usr/sbin/policy-rc.d
        if [ ! -e $policy ]; then
            printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod +x $policy
            trap 'rm -f $policy' EXIT
        fi
        mkdir -p /etc/postgresql-common
        test -e /etc/postgresql-common/createcluster.conf || echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
        apt-get update -qq && apt-get install -y -qq --no-install-recommends {package}"
    );
    let mut command = if root {
        Command::new("sh")
    } else {
        Command::new("sudo")
    };
    if sudo {
        command.args(["-n", "sh"]);
    }
    run::step(
        &format!("apt-get install {package}"),
        command.args(["-c", &script]).stdin(Stdio::null()),
    )
}
