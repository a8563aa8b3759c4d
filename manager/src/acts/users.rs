//! Looking users up: one, a page of a list, those who are found.

use uuid::Uuid;

use crate::domain::{Search, User, UserFilter, UserList, UserOrder, UserPlace, UserStatus};
use crate::error::{Error, Refusal};
use crate::manager::{Manager, UserCounts};

/// Users that one page has at most.
const PAGE_MAX: u32 = 1000;

/// What a list of users is to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserQuery {
    /// Users of which statuses.
    pub filter: UserFilter,
    /// In which order, unless it is a search.
    pub order: Option<UserOrder>,
    /// Only those who are found by this: words of the name, the e-mail address, the user ID or the Sync ID begin so.
    pub search: Option<Search>,
}

/// A page of a list of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPage {
    /// The users.
    pub users: Vec<User>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<UserPlace>,
}

impl Manager {
    /// A page of up to `limit` users (1,000 at most) who come after a place.
    ///
    /// Those who are found come in the order of what was found: last names, first names, further words of names,
    /// e-mail addresses, user IDs, Sync IDs.
    ///
    /// # Errors
    /// [`Refusal::RequestInvalid`] for a place of another list, or an order of a search.
    pub async fn user_page(
        &self,
        query: &UserQuery,
        after: Option<&UserPlace>,
        limit: u32,
    ) -> Result<UserPage, Error> {
        let order = query.order.unwrap_or_default();
        let is_of_this = |place: &UserPlace| match (place.list, &query.search) {
            (UserList::Found(_), Some(_)) => true,
            (UserList::Sorted(of), None) => of == order,
            _ => false,
        };
        if after.is_some_and(|place| !is_of_this(place)) {
            return Err(Refusal::RequestInvalid("the cursor is that of another list".to_owned()).into());
        }
        if query.search.is_some() && query.order.is_some() {
            let text = "a search has an order of its own: leave out either sort or search";
            return Err(Refusal::RequestInvalid(text.to_owned()).into());
        }
        let (project, now) = (self.project_id(), self.now());
        let limit = limit.clamp(1, PAGE_MAX);
        let filter = &query.filter;
        let mut tx = self.read().await?;
        let found = match &query.search {
            Some(search) => tx.found_users(project, filter, search, after, limit, now).await?,
            None => tx.listed_users(project, filter, order, after, limit, now).await?,
        };
        let is_full = u32::try_from(found.len()).is_ok_and(|count| count == limit);
        let next = found.last().map(|(_, place)| place.clone()).filter(|_| is_full);
        Ok(UserPage { users: found.into_iter().map(|(user, _)| user).collect(), next })
    }

    /// Up to `limit` users (1,000 at most) who follow the user `after`, also those who are gone, in the order in which
    /// they were added.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn users(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<User>, Error> {
        let list = UserList::Sorted(UserOrder::default());
        let after = after.map(|id| UserPlace { list, key: String::new(), id });
        let query = UserQuery { filter: UserFilter::everybody(), ..UserQuery::default() };
        Ok(self.user_page(&query, after.as_ref(), limit).await?.users)
    }

    /// How many users there are of each status.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn user_counts(&self) -> Result<[(UserStatus, u64); 8], Error> {
        Ok(self.read().await?.user_counts(self.project_id(), self.now()).await?)
    }

    /// How many users there are of each status, for a page that shows it beside other things: counted anew after each
    /// write that this process begins, and else as it was a few seconds ago.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn recent_user_counts(&self) -> Result<UserCounts, Error> {
        let (recent, now) = (self.recent_counts(), self.now());
        if let Some(counts) = recent.kept(now) {
            return Ok(counts);
        }
        let writes = recent.writes();
        let counts = self.user_counts().await?;
        recent.keep(writes, now, counts);
        Ok(counts)
    }

    /// The user of this id.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`].
    pub async fn user(&self, id: Uuid) -> Result<User, Error> {
        let user = self.read().await?.user(self.project_id(), id, self.now()).await?;
        Ok(user.ok_or(Refusal::UserUnknown)?)
    }

    /// The user whom somebody means by an id, an e-mail address or a user ID.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`].
    pub async fn find_user(&self, text: &str) -> Result<User, Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        let mut found = Uuid::parse_str(text).ok();
        if found.is_none() {
            found = tx.user_by_email(project, text).await?;
        }
        if found.is_none() {
            found = tx.user_by_user_id(project, text).await?;
        }
        let user = tx.user(project, found.ok_or(Refusal::UserUnknown)?, self.now()).await?;
        Ok(user.ok_or(Refusal::UserUnknown)?)
    }
}
