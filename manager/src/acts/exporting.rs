//! The list of people, to be imported again.

use crate::error::Error;
use crate::import::export;
use crate::manager::Manager;

use super::importing::off_the_loop;

impl Manager {
    /// Everybody who is present as a CSV file, in the order in which they were added; its import plans nothing.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn export_users(&self) -> Result<String, Error> {
        let roster = self.read().await?.roster(self.project_id()).await?;
        off_the_loop(move || {
            let mut text = export::header();
            for entry in &roster.entries {
                text.push_str(&export::row(&entry.person));
            }
            text
        })
        .await
    }
}
