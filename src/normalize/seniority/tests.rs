//! Titles and their levels, all invented.

use proptest::prelude::*;

use super::*;

#[test]
fn the_most_telling_word_wins() {
    for (title, level) in [
        ("Software Engineer", None),
        ("Senior Software Engineer (m/f/d)", Some(Seniority::Senior)),
        ("Sr. Data Scientist", Some(Seniority::Senior)),
        ("Junior-Entwickler", Some(Seniority::Junior)),
        ("Werkstudent (m/w/d) Marketing", Some(Seniority::Intern)),
        ("Internal Communications Specialist", None),
        ("Staff Engineer, Storage", Some(Seniority::Lead)),
        ("Staff Nurse", None),
        ("Senior/Principal Engineer", Some(Seniority::Senior)),
        ("Lead Generation Specialist", None),
        ("VP of Sales", Some(Seniority::Director)),
        ("Executive Assistant to the CEO", None),
        ("Head of Marketing", Some(Seniority::Manager)),
        ("Senior Manager, Finance", Some(Seniority::Manager)),
        ("Senior Product Manager", Some(Seniority::Senior)),
        ("Product Manager", Some(Seniority::Mid)),
        ("Account Manager", None),
        ("Operations Manager", Some(Seniority::Manager)),
        ("Accountant II", Some(Seniority::Mid)),
        ("Technician 3", Some(Seniority::Senior)),
        ("Operator, Shift 2", None),
        ("Analyst I", Some(Seniority::Entry)),
        ("Teamleiterin Vertrieb", Some(Seniority::Manager)),
        ("Geschäftsführer (m/w/d)", Some(Seniority::Director)),
        ("Stagiaire développeur web", Some(Seniority::Intern)),
        ("Assistant I/II/III", None),
        ("Bridge Engineer Staff", Some(Seniority::Lead)),
        ("Systems Engineer, Staff (Hybrid)", Some(Seniority::Lead)),
        ("Engineering Support Staff", None),
        ("V.I.E - Ingénieur bois - Oslo", Some(Seniority::Intern)),
        ("VIE - Contrôleur de gestion", Some(Seniority::Intern)),
        ("Conseiller assurance vie", None),
        ("Marketing Manager", Some(Seniority::Mid)),
        ("Senior Marketing Manager", Some(Seniority::Senior)),
        ("Head of Marketing Operations", Some(Seniority::Manager)),
        ("", None),
        ("Staff Data Scientist", Some(Seniority::Lead)),
        ("Kitchen Staff", None),
        ("Sr. & Staff Engineer", Some(Seniority::Senior)),
        ("Buyer / Senior Buyer", None),
        ("Clerk I/II", Some(Seniority::Entry)),
        ("Data Entry Operator", None),
        ("Warehouse Associate", None),
        ("Associate, Audit", Some(Seniority::Entry)),
        ("IV Nurse", None),
        ("Phase III Trials Coordinator", None),
        ("Assistant to the Managing Director", None),
        ("Chief Revenue Officer", Some(Seniority::Director)),
        ("Assistant Vice President, Lending", Some(Seniority::Mid)),
        ("Student Services Coordinator", None),
        ("Robotics Student (20 h)", Some(Seniority::Intern)),
        ("Teamleitung Lager", Some(Seniority::Manager)),
        ("Produktionsleiter Nord", Some(Seniority::Manager)),
        ("Projektleiter Brückenbau", Some(Seniority::Mid)),
        ("Prüfer Halbleiterfertigung", None),
        ("Auszubildende zur Bankkauffrau", Some(Seniority::Intern)),
        ("Responsable logistique", Some(Seniority::Manager)),
        ("Chef de projet réseau", Some(Seniority::Mid)),
        ("Chef de partie", None),
        ("Alternance - chargé de communication", Some(Seniority::Intern)),
        ("Jefe de almacén", Some(Seniority::Manager)),
        ("Becario de laboratorio", Some(Seniority::Intern)),
        ("Gerente de vendas", Some(Seniority::Manager)),
        ("Analista de dados pleno", Some(Seniority::Mid)),
        ("Desenvolvedora Sênior", Some(Seniority::Senior)),
        ("Responsabile magazzino", Some(Seniority::Manager)),
        ("Tirocinante amministrativo", Some(Seniority::Intern)),
        ("Teamleider magazijn", Some(Seniority::Manager)),
        ("Begeleider wonen", None),
        ("Medior ontwikkelaar", Some(Seniority::Mid)),
        ("Kierownik zmiany", Some(Seniority::Manager)),
        ("Starszy księgowy", Some(Seniority::Senior)),
        ("Młodszy analityk", Some(Seniority::Junior)),
        ("Enhetschef äldreomsorg", Some(Seniority::Manager)),
        ("Projektledare bygg", Some(Seniority::Mid)),
    ] {
        assert_eq!(from_title(title), level, "{title}");
    }
}

proptest! {
    #[test]
    fn any_title_is_read(title in "\\PC{0,200}") {
        let _ = from_title(&title);
    }
}
