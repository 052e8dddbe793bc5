use chrono::{Days, NaiveDate};
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
        "remote_preference": "hybrid", "job_types": ["full-time"], "preferred_companies": ["Elster"], "visa_sponsorship_needed": true
    }))
    .expect("a profile")
}

const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day");

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
    description: &'static str,
    age: u64,
}

/// Fits the profile in everything.
fn perfect() -> Case {
    Case {
        title: "Data Engineer (m/w/d)",
        stack: ["Python", "Spark", "SQL", "Airflow"].map(str::to_owned).to_vec(),
        location: Some("Leipzig, Germany"),
        remote: Some("hybrid"),
        job_type: Some("full-time"),
        salary: Salary { min: Some(75_000), max: Some(90_000), currency: Some("EUR".into()) },
        company: "Elster Daten GmbH",
        posted: true,
        seniority: Some(Seniority::Senior),
        years: Some(Years { min: 5, max: None }),
        description: "We sponsor visas.",
        age: 0,
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
            posted_date: self.posted.then(|| TODAY - Days::new(self.age)),
            description: Some(self.description),
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
    assert_eq!(score.parts.len(), 9);
    assert!(score.parts.iter().all(|part| !part.evidence.is_empty()));
    assert_eq!(score.matching_skills, ["Spark", "Airflow", "SQL", "Python"]);
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
        |case: &mut Case| case.description = "A text about something else.",
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
            Exclusion::TooLittleInCommon(28),
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

#[test]
fn a_needed_visa_that_is_refused_is_out() {
    let mut case = perfect();
    case.description = "Unfortunately we are unable to sponsor visas.";
    assert_eq!(case.score(), Err(vec![Exclusion::Visa]));
    let mut wish = profile();
    wish.visa_sponsorship_needed = Some(false);
    let score = CompiledProfile::new(&wish).score(&case.posting(), &settings()).expect("not excluded");
    assert!(is(score.total, 1.0) && score.parts.iter().all(|part| part.name != PartName::Visa));
}

#[test]
fn every_weight_can_be_set() {
    let mut defaults: toml::Table = crate::config::DEFAULTS.parse().expect("the defaults are TOML");
    let weights = defaults["matching"]["weights"].as_table_mut().expect("a table");
    let sum: f64 = weights.values().filter_map(toml::Value::as_float).sum();
    assert!(is(sum, 1.0), "the defaults are shares: {sum}");
    let names: Vec<String> = weights.keys().cloned().collect();
    for name in names {
        let mut table = defaults.clone();
        let weights = table["matching"]["weights"].as_table_mut().expect("a table");
        weights
            .iter_mut()
            .for_each(|(key, weight)| *weight = toml::Value::Float(f64::from(u8::from(*key == name))));
        let matching: MatchingConfig = table["matching"].clone().try_into().expect("complete");
        let score = CompiledProfile::new(&profile())
            .score(&perfect().posting(), &MatchSettings::from(&matching))
            .expect("not excluded");
        let heavy: Vec<_> =
            score.parts.iter().filter(|part| part.weight > 0.0).map(|part| part.name.as_str()).collect();
        assert_eq!(heavy, [name.as_str()]);
    }
}

/// A way in which a posting can fit, from the worst step to the best.
type Ladder = (&'static str, &'static [fn(&mut Case)]);

const LADDERS: [Ladder; 9] = [
    (
        "skills",
        &[
            |case| case.stack = vec!["Kafka".into(), "Flink".into()],
            |case| case.stack = vec!["Kafka".into(), "Flink".into(), "SQL".into()],
            |case| case.stack = vec!["Kafka".into(), "Flink".into(), "SQL".into(), "Spark".into()],
            |case| case.stack = vec!["SQL".into(), "Spark".into()],
        ],
    ),
    (
        "title",
        &[
            |case| case.title = "Nurse",
            |case| case.title = "Sales Engineer",
            |case| case.title = "Data Platform Engineer",
            |case| case.title = "Data Engineer",
        ],
    ),
    (
        "seniority",
        &[
            |case| case.seniority = Some(Seniority::Intern),
            |case| case.seniority = Some(Seniority::Mid),
            |case| case.seniority = Some(Seniority::Senior),
        ],
    ),
    (
        "years",
        &[
            |case| case.years = Some(Years { min: 12, max: None }),
            |case| case.years = Some(Years { min: 8, max: None }),
            |case| case.years = Some(Years { min: 3, max: None }),
        ],
    ),
    ("place", &[|case| case.location = None, |case| case.location = Some("Leipzig, Germany")]),
    ("remote", &[|case| case.remote = Some("onsite"), |case| case.remote = Some("hybrid")]),
    (
        "salary",
        &[
            |case| case.salary = Salary { min: None, max: Some(63_500), currency: Some("EUR".into()) },
            |case| {
                case.salary = Salary { min: Some(60_000), max: Some(69_000), currency: Some("EUR".into()) }
            },
            |case| {
                case.salary = Salary { min: Some(60_000), max: Some(80_000), currency: Some("EUR".into()) }
            },
            |case| {
                case.salary = Salary { min: Some(75_000), max: Some(80_000), currency: Some("EUR".into()) }
            },
        ],
    ),
    ("company", &[|case| case.company = "Other", |case| case.company = "The Elster Group"]),
    ("freshness", &[|case| case.age = 400, |case| case.age = 7, |case| case.age = 0]),
];

proptest! {
    /// Whatever the rest of the posting is like, a step up in one thing never lowers the score, and scores are shares.
    #[test]
    fn a_better_posting_never_scores_less(
        steps in proptest::collection::vec(0_usize..4, LADDERS.len()), climbed in 0..LADDERS.len(), visa in any::<bool>(),
    ) {
        let mut last = 0.0;
        for step in 0..LADDERS[climbed].1.len() {
            let mut case = perfect();
            if !visa {
                case.description = "Nothing on that.";
            }
            for (at, (_, ladder)) in LADDERS.iter().enumerate() {
                let step = if at == climbed { step } else { steps[at] };
                ladder[step.min(ladder.len() - 1)](&mut case);
            }
            let total = case.score().map_or(0.0, |score| score.total);
            prop_assert!(total >= last, "{} {step}: {total} < {last}", LADDERS[climbed].0);
            prop_assert!((0.0..=1.0).contains(&total));
            last = total;
        }
    }
}
