//! Lists of users: in orders, by status, by what somebody remembers, page by page.

use manager::UserQuery;
use manager::domain::{Actor, Search, User, UserPlace, UserStatus};

use crate::support::Served;

const PEOPLE: &str = "Anna Maria,van der Berg,anna@x.example,004711,hr-1\n\
                      Bert,Müller,bert@x.example,000042,hr-2\n\
                      Carla,Mueller-Lüdenscheidt,carla@y.example,A-17,hr-3\n\
                      Dora,Muller,dora@x.example,4711900,hr-4\n\
                      Anna,Ölberg,anna.oelberg@y.example,7,HR-5\n";

async fn served() -> Served {
    let served = Served::start().await;
    served.import(PEOPLE).await;
    served
}

/// Walks through all pages of `limit` users.
async fn walk(served: &Served, query: &UserQuery, limit: u32) -> Vec<User> {
    let mut users = Vec::new();
    let mut after: Option<UserPlace> = None;
    loop {
        let page = served.manager.user_page(query, after.as_ref(), limit).await.unwrap();
        users.extend(page.users);
        match page.next {
            Some(next) => after = Some(next),
            None => return users,
        }
    }
}

async fn ids(served: &Served, query: &UserQuery) -> Vec<String> {
    let of = |users: Vec<User>| users.into_iter().map(|user| user.person.user_id).collect::<Vec<_>>();
    let whole = of(walk(served, query, 1000).await);
    for limit in [1, 2, 3] {
        assert_eq!(of(walk(served, query, limit).await), whole, "{query:?} by {limit}");
    }
    whole
}

async fn found(served: &Served, text: &str) -> Vec<String> {
    ids(served, &UserQuery { search: Search::new(text), ..UserQuery::default() }).await
}

fn sorted(order: &str) -> UserQuery {
    UserQuery { order: Some(order.parse().unwrap()), ..UserQuery::default() }
}

#[tokio::test]
async fn people_are_found_by_the_beginning_of_whatever_is_known_of_them() {
    let served = served().await;
    for (text, expected) in [
        ("müller", vec!["000042", "4711900", "A-17"]),
        ("MUELLER", vec!["000042", "4711900", "A-17"]),
        ("mull", vec!["000042", "4711900", "A-17"]),
        ("muller b", vec!["000042"]),
        ("Müller, Bert", vec!["000042"]),
        ("bert m", vec!["000042"]),
        ("lüden", vec!["A-17"]),
        ("Berg", vec!["004711"]),
        ("der berg", vec!["004711"]),
        ("maria", vec!["004711"]),
        ("olberg", vec!["7"]),
        ("oel", vec!["7"]),
        ("4711", vec!["004711", "4711900"]),
        ("0004711", vec!["004711", "4711900"]),
        ("42", vec!["000042"]),
        ("a-1", vec!["A-17"]),
        ("hr-5", vec!["7"]),
        ("DORA@X", vec!["4711900"]),
        ("anna.oe", vec!["7"]),
        ("%", vec![]),
        ("_", vec![]),
        ("nobody", vec![]),
    ] {
        assert_eq!(found(&served, text).await, expected, "{text}");
    }
    // By the name first, then by the address; nobody twice.
    assert_eq!(found(&served, "anna").await, ["004711", "7"]);
    served.stop().await;
}

#[tokio::test]
async fn a_list_has_an_order_and_both_ways_through_it() {
    let served = served().await;
    let names = ["000042", "4711900", "A-17", "7", "004711"];
    assert_eq!(ids(&served, &sorted("name")).await, names);
    assert_eq!(ids(&served, &sorted("-name")).await, names.into_iter().rev().collect::<Vec<_>>());
    let added = ["004711", "000042", "A-17", "4711900", "7"];
    assert_eq!(ids(&served, &UserQuery::default()).await, added);
    assert_eq!(ids(&served, &sorted("-created")).await, added.into_iter().rev().collect::<Vec<_>>());
    served.clock.advance(60);
    let user = served.manager.find_user("A-17").await.unwrap();
    served.manager.invite(Actor::Operator, user.id).await.unwrap();
    assert_eq!(ids(&served, &sorted("-updated")).await[0], "A-17");
    assert_eq!(ids(&served, &sorted("updated")).await, ["004711", "000042", "4711900", "7", "A-17"]);
    served.stop().await;
}

#[tokio::test]
async fn a_list_is_filtered_by_status_and_counts_agree() {
    let served = served().await;
    for (user, life_s) in [("A-17", 3600), ("7", 7200)] {
        let user = served.manager.find_user(user).await.unwrap().id;
        served.manager.invite_for(Actor::Operator, user, Some(life_s)).await.unwrap();
    }
    let gone = served.manager.find_user("000042").await.unwrap().id;
    served.manager.delete_user(Actor::Operator, gone).await.unwrap();
    served.clock.advance(3600);
    for (statuses, expected) in [
        ("invited", vec!["7"]),
        ("invitation_expired", vec!["A-17"]),
        ("invited,invitation_expired", vec!["A-17", "7"]),
        ("not_invited", vec!["004711", "4711900"]),
        ("deleted", vec!["000042"]),
        ("all", vec!["004711", "000042", "A-17", "4711900", "7"]),
        ("reset,suspended", vec![]),
    ] {
        let filter = statuses.parse().unwrap();
        let query = UserQuery { filter, ..UserQuery::default() };
        assert_eq!(ids(&served, &query).await, expected, "{statuses}");
    }
    let invited = UserQuery { filter: "invited".parse().unwrap(), ..UserQuery::default() };
    let query = UserQuery { search: Search::new("anna"), ..invited.clone() };
    assert_eq!(ids(&served, &query).await, ["7"]);
    let query = UserQuery { search: Search::new("mull"), ..invited };
    assert_eq!(ids(&served, &query).await, Vec::<String>::new());
    assert_eq!(found(&served, "mull").await, ["4711900", "A-17"]);
    let counts = served.manager.user_counts().await.unwrap();
    let count = |status| counts.iter().find(|(of, _)| *of == status).unwrap().1;
    assert_eq!(count(UserStatus::Invited), 1);
    assert_eq!(count(UserStatus::InvitationExpired), 1);
    assert_eq!(count(UserStatus::NotInvited), 2);
    assert_eq!(count(UserStatus::Deleted), 1);
    served.stop().await;
}

#[tokio::test]
async fn an_edited_user_is_found_by_the_new_name_only() {
    let served = served().await;
    let user = served.manager.find_user("004711").await.unwrap().id;
    let edit = serde_json::from_str(r#"{ "last_name": "Tal Au" }"#).unwrap();
    served.manager.edit_user(Actor::Operator, user, &edit).await.unwrap();
    assert_eq!(found(&served, "au").await, ["004711"]);
    assert_eq!(found(&served, "der berg").await, Vec::<String>::new());
    served.import(PEOPLE).await;
    assert_eq!(found(&served, "der berg").await, ["004711"]);
    served.stop().await;
}

#[tokio::test]
async fn a_cursor_is_good_for_the_list_that_gave_it() {
    let served = served().await;
    let page = served.manager.user_page(&sorted("name"), None, 1).await.unwrap();
    let place = page.next.unwrap();
    let found = UserQuery { search: Search::new("m"), ..UserQuery::default() };
    for other in [sorted("-name"), sorted("updated"), found] {
        let refused = served.manager.user_page(&other, Some(&place), 1).await.unwrap_err();
        assert_eq!(refused.to_string(), "The request is not well formed: the cursor is that of another list");
    }
    served.stop().await;
}
