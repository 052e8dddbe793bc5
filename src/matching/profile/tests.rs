use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    config::MatchingConfig,
    domain::{JobId, Salary, Seniority, Years},
    matching::PostingFields,
};

fn settings() -> MatchSettings {
    let defaults: toml::Table = crate::config::DEFAULTS.parse().expect("the defaults are TOML");
    let matching: MatchingConfig =
        defaults["matching"].clone().try_into().expect("the defaults are complete");
    MatchSettings::from(&matching)
}

fn profile() -> Profile {
    serde_json::from_value(json!({
        "user_id": 7, "desired_title": "Senior Data Engineer", "years_experience": 7, "desired_locations": ["Leipzig, Germany"],
        "tech_stack": ["Python", "Spark", "Airflow", "SQL"], "salary_expectation_min": 70000, "salary_currency": "EUR",
        "remote_preference": "hybrid", "job_types": ["full-time"], "preferred_companies": ["Elster"]
    }))
    .expect("a profile")
}

const TODAY: NaiveDate = NaiveDate::MIN;

struct Case {
    title: &'static str,
    stack: Vec<String>,
    location: Option<&'static str>,
    remote: Option<&'static str>,
    job_type: Option<&'static str>,
    salary: Salary,
    company: &'static str,
    posted: bool,
    seniority: Option<Seniority>,
    years: Option<Years>,
}

/// Fits the profile in everything.
fn perfect() -> Case {
    Case {
        title: "Data Engineer (m/w/d)",
        stack: ["Python", "Apache Airflow", "Spark", "SQL", "Airflow"].map(str::to_owned).to_vec(),
        location: Some("Leipzig, Germany"),
        remote: Some("hybrid"),
        job_type: Some("full-time"),
        salary: Salary { min: Some(75_000), max: Some(90_000), currency: Some("EUR".into()) },
        company: "Elster Daten GmbH",
        posted: true,
        seniority: Some(Seniority::Senior),
        years: Some(Years { min: 5, max: None }),
    }
}

impl Case {
    fn posting(&self) -> MatchPosting {
        let fields = PostingFields {
            title: self.title,
            company: self.company,
            location: self.location,
            tech_stack: &self.stack,
            salary: self.salary.clone(),
            job_type: self.job_type,
            remote_option: self.remote,
            source: "test",
            posted_date: self.posted.then_some(TODAY),
            seniority: self.seniority,
            years: self.years,
            ..PostingFields::default()
        };
        MatchPosting::new(JobId(1), &fields, TODAY)
    }

    fn score(&self) -> Result<ProfileScore, Vec<Exclusion>> {
        let (compiled, posting, settings) = (CompiledProfile::new(&profile()), self.posting(), settings());
        let score = compiled.score(&posting, &settings);
        assert_eq!(score.as_ref().ok().map(|score| score.total), compiled.total(&posting, &settings));
        score
    }

    fn total(&self) -> f64 {
        self.score().expect("not excluded").total
    }
}

fn is(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-9
}

#[test]
fn a_posting_that_fits_in_everything_scores_one() {
    let score = perfect().score().expect("not excluded");
    assert!(is(score.total, 1.0), "{score:#?}");
    assert!(is(score.parts.iter().map(|part| part.weight).sum(), 1.0));
    assert_eq!(score.parts.len(), 8);
    assert!(score.parts.iter().all(|part| !part.evidence.is_empty()));
    assert_eq!(score.matching_skills, ["Spark", "Airflow", "Python", "SQL"]);
}

#[test]
fn what_the_posting_does_not_say_counts_one_half() {
    for change in [
        |case: &mut Case| case.stack.clear(),
        |case: &mut Case| case.location = None,
        |case: &mut Case| case.remote = None,
        |case: &mut Case| case.job_type = None,
        |case: &mut Case| case.salary = Salary::default(),
        |case: &mut Case| case.posted = false,
        |case: &mut Case| {
            case.seniority = None;
            case.years = None;
        },
    ] {
        let mut case = perfect();
        change(&mut case);
        assert!(case.total() < 1.0 && case.total() > 0.8, "{}", case.total());
    }
}

#[test]
fn what_the_profile_does_not_say_is_left_out() {
    let only_skills: Profile =
        serde_json::from_value(json!({"user_id": 1, "tech_stack": ["Spark", "Airflow"]})).expect("a profile");
    let mut case = perfect();
    case.stack = vec!["Spark".into(), "Airflow".into()];
    let score = CompiledProfile::new(&only_skills).score(&case.posting(), &settings()).expect("not excluded");
    assert!(is(score.total, 1.0));
    assert_eq!(
        score.parts.iter().map(|part| part.name).collect::<Vec<_>>(),
        [PartName::Skills, PartName::Freshness]
    );
}

#[test]
fn exclusions_name_their_reason() {
    for (change, expected) in [
        ((|case| case.job_type = Some("contract")) as fn(&mut Case), Exclusion::JobType(JobType::Contract)),
        (
            |case| {
                case.salary.min = None;
                case.salary.max = Some(62_999);
            },
            Exclusion::Salary(62_999),
        ),
        (|case| case.location = Some("Graz, Austria"), Exclusion::Place("Graz, Austria".into())),
        (
            |case| {
                case.title = "Nurse";
                case.stack.clear();
            },
            Exclusion::NothingInCommon,
        ),
    ] {
        let mut case = perfect();
        change(&mut case);
        assert_eq!(case.score(), Err(vec![expected]));
    }
    let mut fair = perfect();
    fair.salary.max = Some(63_000);
    fair.salary.min = None;
    assert!(fair.score().is_ok());
    let mut dollars = perfect();
    dollars.salary = Salary { min: None, max: Some(68_000), currency: Some("USD".into()) };
    assert_eq!(dollars.score(), Err(vec![Exclusion::Salary(62_963)]));
    let mut remote = perfect();
    remote.remote = Some("remote");
    remote.location = Some("Remote, United States");
    assert!(matches!(remote.score().as_ref().map_err(Vec::as_slice), Err([Exclusion::Place(_)])));
    remote.location = Some("Remote, Germany");
    assert!(remote.score().is_ok());
}

#[test]
fn opposite_places_of_work_are_out_and_hybrid_never_is() {
    for (wished, stated, out) in [
        ("remote", "onsite", true),
        ("onsite", "remote", true),
        ("remote", "hybrid", false),
        ("hybrid", "onsite", false),
        ("yes", "on-site", true),
    ] {
        let mut wish = profile();
        wish.remote_preference = Some(wished.to_owned());
        let mut case = perfect();
        case.remote = Some(stated);
        let score = CompiledProfile::new(&wish).score(&case.posting(), &settings());
        assert_eq!(score.is_err(), out, "{wished} {stated}");
    }
}

#[test]
fn json_columns_hold_anything() {
    for odd in [
        json!(null),
        json!(7),
        json!("Spark, SQL"),
        json!({"a": [1]}),
        json!([[], {}, null, 3, "Spark"]),
        json!("[\"Spark\"]"),
    ] {
        let mut wish = profile();
        wish.tech_stack = odd.clone();
        wish.desired_locations = odd.clone();
        wish.job_types = odd.clone();
        wish.preferred_companies = odd;
        let _ = CompiledProfile::new(&wish).score(&perfect().posting(), &settings());
    }
    let nobody: Profile = serde_json::from_value(json!({"user_id": 1})).expect("a profile");
    assert!(!CompiledProfile::new(&nobody).can_match());
}

proptest! {
    /// Each step makes a posting fit better in one thing and leaves the rest; no step lowers the score.
    #[test]
    fn a_better_posting_never_scores_less(
        stack in 0_usize..4, pay in (50_000_i32..90_000, 0_i32..20_000), better in 0_i32..30_000, remote in 0_usize..3, start in 0_usize..7,
    ) {
        let mut worse = perfect();
        worse.stack = ["Python", "Kafka", "Flink", "Scala"].map(str::to_owned)[..=stack].to_vec();
        worse.salary = Salary { min: Some(pay.0 + 13_000), max: Some(pay.0 + pay.1 + 13_000), currency: Some("EUR".into()) };
        worse.remote = [None, Some("hybrid"), Some("onsite")][remote];
        worse.seniority = Some(Seniority::Mid);
        worse.company = "Other";
        let mut case = worse;
        let mut last = case.total();
        for step in start..7 {
            match step {
                0 => case.stack.push("Spark".into()),
                1 => case.salary.max = case.salary.max.map(|max| max + better),
                2 => case.salary.min = case.salary.max,
                3 => case.remote = Some("hybrid"),
                4 => case.seniority = Some(Seniority::Senior),
                5 => case.company = "Elster",
                _ => case.title = "Senior Data Engineer",
            }
            let now = case.total();
            prop_assert!(now >= last, "step {step}: {now} < {last}");
            prop_assert!((0.0..=1.0).contains(&now));
            last = now;
        }
    }
}
