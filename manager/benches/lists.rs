//! How long a page of a list or a search takes among ten thousand users and among a million.
//!
//! `cargo bench -p manager --bench lists` measures SQLite; `tests/with_postgres cargo bench -p manager --bench lists`
//! measures PostgreSQL. One run measures both sizes, and fails when the 95th percentile grows by three times or more.
#![expect(clippy::arithmetic_side_effects, reason = "a measurement of known sizes")]

use std::error::Error;
use std::time::{Duration, Instant};

use manager::clock::SystemClock;
use manager::domain::{NewProject, Search, SearchKeys, User, UserFilter, UserList, UserOrder, UserPlace};
use manager::{Home, Manager, Unlock, UserQuery};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, raw_sql};

/// How many users there are.
const SIZES: [u32; 2] = [10_000, 1_000_000];
/// Pages that are measured of each kind.
const PAGES: u32 = 40;
/// Users on a page.
const LIMIT: u32 = 50;
/// By how much the 95th percentile may grow.
const GROWTH_MAX: f64 = 3.0;

/// Syllables that names are made of: 1,600 last and 160 first names.
const BEGINS: [&str; 40] = [
    "Al", "An", "Bar", "Be", "Bo", "Bra", "Cas", "Da", "Del", "Do", "El", "Er", "Fa", "Fi", "Ga", "Ge", "Ha",
    "Hol", "Il", "Jo", "Ka", "Kel", "La", "Le", "Ma", "Mo", "Na", "No", "Ol", "Pa", "Per", "Ra", "Ro", "Sa",
    "Schu", "Ta", "Ul", "Va", "We", "Zi",
];
const ENDS: [&str; 40] = [
    "bach", "beck", "berg", "burg", "dorf", "feld", "gard", "gen", "hart", "haus", "heim", "hof", "holt",
    "kamp", "land", "lein", "lich", "mann", "mark", "mer", "nau", "ner", "rath", "reich", "ring", "rode",
    "sen", "son", "stadt", "stein", "ster", "tal", "ter", "thal", "ton", "wald", "ward", "weg", "wig",
    "witz",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::var("OSTIARY_TEST_DATABASE").ok();
    println!(
        "{}, {} pages of {LIMIT} of each kind",
        server.as_ref().map_or("SQLite", |_| "PostgreSQL"),
        PAGES
    );
    let mut tables = Vec::new();
    for size in SIZES {
        let dir = tempfile::tempdir()?;
        let database = match &server {
            Some(server) => Some(schema(server, size).await?),
            None => None,
        };
        let home = Home::from(dir.path()).with_database(database.as_deref().map(str::parse).transpose()?);
        let unlock = Unlock::KeyFile(dir.path().join("unlock.key"));
        let (manager, _) = Manager::init(home, &NewProject::named("Lists"), &unlock, SystemClock).await?;
        let began = Instant::now();
        let file = dir.path().join("manager.db").display().to_string();
        populate(&manager, database.as_deref(), &file, size).await?;
        println!("{size} users after {:.0} s", began.elapsed().as_secs_f64());
        tables.push(measure(&manager, size).await?);
        manager.close().await;
    }
    let [small, large] = tables.as_slice() else { return Err("two sizes".into()) };
    println!("\n{:22} {:>12} {:>12} {:>7}", "p95", SIZES[0], SIZES[1], "ratio");
    for ((kind, few), (_, many)) in small.iter().zip(large) {
        report(kind, few, many);
    }
    let all = |table: &[(String, Vec<Duration>)]| {
        table.iter().flat_map(|(_, times)| times.iter().copied()).collect::<Vec<_>>()
    };
    let growth = report("all", &all(small), &all(large));
    if growth < GROWTH_MAX { Ok(()) } else { Err(format!("pages take {growth:.2} times as long").into()) }
}

/// Times of each kind of page, at random places.
async fn measure(manager: &Manager, size: u32) -> Result<Vec<(String, Vec<Duration>)>, Box<dyn Error>> {
    let mut random = Random(u64::from(size));
    let mut table = Vec::new();
    let active: UserFilter = "active".parse()?;
    let rare: UserFilter = "reset,suspended".parse()?;
    for (filter, name) in [(UserFilter::default(), "all"), (active, "active"), (rare, "rare")] {
        for order in ["name", "-name", "created", "-updated"] {
            let order: UserOrder = order.parse()?;
            let query = UserQuery { filter: filter.clone(), order: Some(order), search: None };
            let mut times = Vec::new();
            for _ in 0..PAGES {
                let after = place(manager, order, &mut random, size).await?;
                times.push(timed(manager, &query, Some(&after)).await?);
            }
            table.push((format!("list {name} {order}"), times));
        }
    }
    for kind in ["last name", "beginning", "both names", "address", "user ID", "ID beginning", "nobody"] {
        let mut times = Vec::new();
        for _ in 0..PAGES {
            let user = somebody(manager, &mut random, size).await?;
            let text = text(kind, &user);
            let query = UserQuery { search: Search::new(&text), ..UserQuery::default() };
            times.push(timed(manager, &query, None).await?);
        }
        table.push((format!("search {kind}"), times));
    }
    Ok(table)
}

fn text(kind: &str, user: &User) -> String {
    let person = &user.person;
    match kind {
        "last name" => person.last_name.clone(),
        "beginning" => person.last_name.chars().take(3).collect(),
        "both names" => format!("{} {}", person.first_name, person.last_name),
        "address" => person.email.clone(),
        "user ID" => person.user_id.clone(),
        "ID beginning" => person.user_id.chars().take(6).collect(),
        _ => format!("{}x", person.last_name),
    }
}

async fn timed(
    manager: &Manager,
    query: &UserQuery,
    after: Option<&UserPlace>,
) -> Result<Duration, Box<dyn Error>> {
    let began = Instant::now();
    manager.user_page(query, after, LIMIT).await?;
    Ok(began.elapsed())
}

/// A random user.
async fn somebody(manager: &Manager, random: &mut Random, size: u32) -> Result<User, Box<dyn Error>> {
    let number = random.below(size);
    Ok(manager.find_user(&(10_000_000 + number).to_string()).await?)
}

/// The place of a random user in a list.
async fn place(
    manager: &Manager,
    order: UserOrder,
    random: &mut Random,
    size: u32,
) -> Result<UserPlace, Box<dyn Error>> {
    let user = somebody(manager, random, size).await?;
    let key = match order.to_string().trim_start_matches('-') {
        "name" => SearchKeys::of(&user.person).name,
        "updated" => user.updated_at.0.to_string(),
        _ => String::new(),
    };
    Ok(UserPlace { list: UserList::Sorted(order), key, id: user.id })
}

fn report(kind: &str, few: &[Duration], many: &[Duration]) -> f64 {
    let (few, many) = (percentile(few), percentile(many));
    let ratio = many / few;
    println!("{kind:22} {few:>9.2} ms {many:>9.2} ms {ratio:>7.2}");
    ratio
}

/// The 95th percentile in milliseconds.
fn percentile(times: &[Duration]) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() * 95 / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

/// Repeatable numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(end)).unwrap_or(0)
    }
}

/// An empty schema of its own.
async fn schema(server: &str, size: u32) -> Result<String, Box<dyn Error>> {
    let mut connection = PgConnection::connect(server).await?;
    let statement = format!("DROP SCHEMA IF EXISTS lists_{size} CASCADE; CREATE SCHEMA lists_{size}");
    raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    let separator = if server.contains('?') { '&' } else { '?' };
    Ok(format!("{server}{separator}options[search_path]=lists_{size}"))
}

/// Fills the table behind the manager's back, in one statement, as if so many had been imported long ago.
async fn populate(
    manager: &Manager,
    database: Option<&str>,
    file: &str,
    size: u32,
) -> Result<(), Box<dyn Error>> {
    let project = manager::domain::project_id_text(manager.project().id);
    let (project, id) = match database {
        Some(_) => (format!("'\\x{project}'::bytea"), "lpad(to_hex(i), 32, '0')::uuid"),
        None => (format!("x'{project}'"), "unhex(printf('%032x', i))"),
    };
    let syllables = |names: &[&str]| {
        let rows = names.iter().enumerate().map(|(place, name)| format!("({place}, '{name}')"));
        rows.collect::<Vec<_>>().join(", ")
    };
    let statement = format!(
        "INSERT INTO users (project, id, first_name, last_name, email, email_key, user_id, sync_id, status, \
         created_at, updated_at, name_key, given_key, mail_key, id_key, sync_key) \
         WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < {size}), \
         begins(k, name) AS (VALUES {begins}), ends(k, name) AS (VALUES {ends}), \
         people(i, first, last) AS (SELECT n.i, a.name || b.name, c.name || d.name FROM numbers n \
         JOIN begins a ON a.k = (n.i / 5) % 4 * 10 JOIN ends b ON b.k = (n.i * 7) % 40 \
         JOIN begins c ON c.k = (n.i * 11) % 40 JOIN ends d ON d.k = (n.i / 40) % 40) \
         SELECT {project}, {id}, first, last, lower(first || '.' || last) || i || '@example.org', \
         lower(first || '.' || last) || i || '@example.org', CAST(10000000 + i AS TEXT), NULL, \
         CASE WHEN i % 500 = 0 THEN 'reset' WHEN i % 100 = 1 THEN 'suspended' WHEN i % 10 = 2 THEN 'not_invited' \
         ELSE 'active' END, 1790000000, 1790000000 + (i * 31) % 1000000, lower(last || ' ' || first), \
         lower(first || ' ' || last), lower(first || '.' || last) || i || '@example.org', \
         CAST(10000000 + i AS TEXT), NULL FROM people",
        begins = syllables(&BEGINS),
        ends = syllables(&ENDS),
    );
    match database {
        Some(url) => {
            let mut connection = PgConnection::connect(url).await?;
            raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
            // What the server does by itself within a minute.
            raw_sql(AssertSqlSafe("VACUUM ANALYZE users".to_owned())).execute(&mut connection).await?;
        }
        None => {
            let mut connection = SqliteConnection::connect(&format!("sqlite://{file}")).await?;
            raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
    }
    Ok(())
}
