//! Years asked for and not, all invented.

use proptest::prelude::*;

use super::*;

#[test]
fn the_phrases_compile() {
    let table = table(include_str!("../years.tsv"));
    assert_eq!(WORDS.says.len(), table.filter(|(tag, _)| tag.starts_with("says ")).count());
    assert!(YEARS.is_some());
}

#[test]
fn what_is_asked_for() {
    for (text, min, max) in [
        ("5+ years of experience in sales", 5, None),
        ("2 - 4 years of bookkeeping experience", 2, Some(4)),
        ("You bring 3–6+ years of experience with C#", 3, None),
        ("Minimum of three (3) years' experience", 3, None),
        ("At least two years of work experience", 2, None),
        ("7+ years designing bridges", 7, None),
        ("Mindestens 3 Jahre Berufserfahrung im Vertrieb", 3, None),
        ("3 bis 5 Jahre einschlägige Erfahrung", 3, Some(5)),
        ("Mehrjährige Berufserfahrung als Koch", 3, None),
        ("Dreijährige Berufserfahrung", 3, None),
        ("Erste praktische Erfahrungen im Verkauf", 0, Some(2)),
        ("Expérience : minimum 2 ans sur un poste similaire", 2, None),
        ("1 à 2 ans d'expérience", 1, Some(2)),
        ("Débutants acceptés", 0, Some(2)),
        ("Experiencia mínima de cinco años", 5, None),
        ("De 3 a 5 años de experiencia", 3, Some(5)),
        ("What we seek: 6+ years of experience in tax", 6, None),
        ("4+ Jahre Rust im Betrieb", 4, None),
        ("3 years of programming experience", 3, None),
        ("6 years of university teaching experience", 6, None),
        ("Entre 2 et 5 ans d'expérience", 2, Some(5)),
        ("Experience in a bakery kitchen of a hotel or a comparable business for min.2 years", 2, None),
        ("Almeno 3 anni di esperienza nel ruolo", 3, None),
        ("Esperienza di 2-4 anni in magazzino", 2, Some(4)),
        ("Minimaal 5 jaar werkervaring in de zorg", 5, None),
        ("2 tot 4 jaar relevante ervaring", 2, Some(4)),
        ("Minst tre års erfarenhet av montage", 3, None),
        ("3-5 års erfarenhet inom logistik", 3, Some(5)),
        ("Minimum 2 lata doświadczenia na podobnym stanowisku", 2, None),
        ("Co najmniej 5 lat doświadczenia w sprzedaży", 5, None),
        ("Mínimo de 4 anos de experiência em obras", 4, None),
        ("Experiência de 1 a 3 anos em vendas", 1, Some(3)),
        ("Kilkuletnie doświadczenie w księgowości", 3, None),
        ("Geen ervaring nodig", 0, Some(0)),
        ("Expérience solide en menuiserie", 1, Some(3)),
        ("2-6 years of experience in business development", 2, Some(6)),
        ("Less than 1 year of experience", 0, Some(1)),
        ("Up to 3 years of relevant experience", 0, Some(3)),
        ("Bis zu 2 Jahre Berufserfahrung", 0, Some(2)),
        ("Tu as 3 à 6 ans d’xp en atelier", 3, Some(6)),
        ("What we're looking for 4+ years in bakeries, experience with rye is a plus", 4, None),
        ("Mindestens 2 Jahre in einer vergleichbaren Position", 2, None),
        ("2 años en puestos similares", 2, None),
        ("1 año desempeñando funciones similares", 1, None),
        ("3 ans minimum à un poste similaire", 3, None),
        ("18 months of relevant experience", 1, None),
        ("Tu as peu ou pas d’expérience ? On te forme !", 0, Some(0)),
        (
            "You need at least 3 years of experience and will meet founders with over 10 years of experience",
            3,
            None,
        ),
    ] {
        assert_eq!(from_text(text), Some(Years { min, max }), "{text}");
    }
}

#[test]
fn what_is_something_else() {
    for text in [
        "For over 35 years we have made doors.",
        "Our firm has more than 30 years of experience.",
        "You must be at least 18 years old.",
        "A 4-year degree in biology",
        "A 4 year degree and experience with cattle",
        "Seit über 10 Jahren Pionier",
        "Contrat de 3 ans, renouvelable",
        "in the next five years",
        "Da oltre 15 anni produciamo macchine con esperienza",
        "Al meer dan 12 jaar bakken wij brood met ervaring",
        "Od 15 lat tworzymy meble, doświadczenie to nasza siła",
        "Há mais de 15 anos no mercado com experiência",
        "Erste Erfahrung mit Tabellen",
        "Tu travailles avec une associée ayant plus de 12 ans d'expérience dans le bois.",
        "Empresa con más de 10 años de experiencia en el sector de la madera.",
        "A company with over 15 years of experience in doors",
        "You learn from our experts with over 10 years of experience.",
        "Du lernst von Gründern mit mehr als 10 Jahren Erfahrung.",
        "three years of continuous residence",
        "We plan to grow over the next 3 years with experience as our guide.",
        "",
    ] {
        assert_eq!(from_text(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,200}") {
        let _ = from_text(&text);
    }

    #[test]
    fn any_number_of_years_is_read(min in 0_u8..100, more in 0_u8..100, tail in "\\PC{0,40}") {
        if let Some(years) = from_text(&format!("{min}-{more} years of experience {tail}")) {
            prop_assert!(years.max.is_none_or(|max| max > years.min));
        }
    }
}
