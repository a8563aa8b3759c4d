//! Backing up and restoring.

use std::path::PathBuf;

use clap::Args;
use manager::backup::{self, Manifest, RestoreOptions, ServerAddress};
use manager::clock::SystemClock;

use super::{KeyArguments, ProjectArguments, opening, output};

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The file to make; its manifest gets the same name with .manifest.json behind it.
    file: PathBuf,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The backup, with its manifest beside it.
    file: PathBuf,
    /// Directory to restore to; made if it is not there.
    dir: PathBuf,
    /// Newest signed revocation list that anybody still has; what it revokes stays revoked. May be given again for
    /// another project.
    #[arg(long, value_name = "FILE")]
    list: Vec<PathBuf>,
}

pub(super) async fn backup(
    arguments: &BackupArguments,
    key: &KeyArguments,
    json: bool,
) -> anyhow::Result<()> {
    let home = opening::home(&arguments.project.dir, key)?;
    let server = server(key)?;
    let manifest = backup::backup(&home, server.as_ref(), &arguments.file, &SystemClock).await?;
    if json {
        return output::object(&manifest);
    }
    output::line(format!("{} is a backup of {} octets.", arguments.file.display(), manifest.octets));
    show(&manifest);
    output::line(
        "It does not hold what opens the issuer keys: keep passphrase, key file or token in another place.",
    );
    Ok(())
}

pub(super) async fn restore(
    arguments: &RestoreArguments,
    key: &KeyArguments,
    json: bool,
) -> anyhow::Result<()> {
    let home = opening::home(&arguments.dir, key)?;
    let options = RestoreOptions { server: server(key)?, lists: arguments.list.clone() };
    let restored = backup::restore(&arguments.file, &home, &options, &SystemClock).await?;
    if json {
        return output::object(&restored);
    }
    output::line(format!("The backup of {} is restored to {home}.", restored.backup.made_at));
    show(&restored.backup);
    output::line(
        "Serials and the versions of lists and configurations go on far ahead of those in the backup.",
    );
    if arguments.list.is_empty() {
        output::line(
            "Whatever was revoked after the backup is not revoked in it: revoke it again before a list is published.",
        );
    } else {
        output::line(format!("{} revocations were taken from lists.", restored.revocations_taken));
    }
    Ok(())
}

fn server(key: &KeyArguments) -> anyhow::Result<Option<ServerAddress>> {
    Ok(opening::database(key).map(ServerAddress::parse).transpose()?)
}

fn show(manifest: &Manifest) {
    for project in &manifest.projects {
        output::line(format!(
            "  {} ({}): serial {}, revocation list {}, {} audit entries, head {}:{}",
            project.name,
            project.id,
            project.last_serial,
            project.list_version,
            project.audit_entries,
            project.audit_entries,
            project.audit_head
        ));
    }
}
