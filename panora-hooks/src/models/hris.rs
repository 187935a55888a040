// Written by `cargo test -p panora-hooks-tests --test generated` from `tests/facts/models.json` and the
// catalogue. To change it, change these.

//! Human resources.
//!
//! Panora removed this vertical in November 2024: only older deployments send its events.

use serde_json::Value;

use super::{DateTime, FieldMappings, Secret, any_event::any_event, model::model, open_enum::open_enum};

open_enum! {
    /// The values of [`BankInfo::account_type`].
    pub enum BankInfoAccountType {
        Savings = "SAVINGS",
        Checking = "CHECKING",
    }
}

open_enum! {
    /// The values of [`Dependent::relationship`].
    pub enum DependentRelationship {
        Child = "CHILD",
        Spouse = "SPOUSE",
        DomesticPartner = "DOMESTIC_PARTNER",
    }
}

open_enum! {
    /// The values of [`Dependent::gender`] and [`Employee::gender`].
    pub enum Gender {
        Male = "MALE",
        Female = "FEMALE",
        NonBinary = "NON-BINARY",
        Other = "OTHER",
        PreferNotToDisclose = "PREFER_NOT_TO_DISCLOSE",
    }
}

open_enum! {
    /// The values of [`Employee::employment_status`].
    pub enum EmployeeEmploymentStatus {
        Active = "ACTIVE",
        Pending = "PENDING",
        Inactive = "INACTIVE",
    }
}

open_enum! {
    /// The values of [`EmployerBenefit::benefit_plan_type`].
    pub enum EmployerBenefitPlanType {
        Medical = "MEDICAL",
        HealthSavings = "HEALTH_SAVINGS",
        Insurance = "INSURANCE",
        Retirement = "RETIREMENT",
        Other = "OTHER",
    }
}

open_enum! {
    /// The values of [`Employment::flsa_status`].
    pub enum EmploymentFlsaStatus {
        Exempt = "EXEMPT",
        SalariedNonexempt = "SALARIED_NONEXEMPT",
        Nonexempt = "NONEXEMPT",
        Owner = "OWNER",
    }
}

open_enum! {
    /// The values of [`Employment::employment_type`].
    pub enum EmploymentType {
        FullTime = "FULL_TIME",
        PartTime = "PART_TIME",
        Intern = "INTERN",
        Contractor = "CONTRACTOR",
        Freelance = "FREELANCE",
    }
}

open_enum! {
    /// The values of [`Group::type`].
    pub enum GroupType {
        Team = "TEAM",
        Department = "DEPARTMENT",
        CostCenter = "COST_CENTER",
        BusinessUnit = "BUSINESS_UNIT",
        Group = "GROUP",
    }
}

open_enum! {
    /// The values of [`Location::location_type`].
    pub enum LocationType {
        Work = "WORK",
        Home = "HOME",
    }
}

open_enum! {
    /// The values of [`PayrollRun::run_state`].
    pub enum PayrollRunState {
        Paid = "PAID",
        Draft = "DRAFT",
        Approved = "APPROVED",
        Failed = "FAILED",
        Close = "CLOSE",
    }
}

open_enum! {
    /// The values of [`TimeOff::status`].
    pub enum TimeOffStatus {
        Requested = "REQUESTED",
        Approved = "APPROVED",
        Declined = "DECLINED",
        Cancelled = "CANCELLED",
        Deleted = "DELETED",
    }
}

open_enum! {
    /// The values of [`TimeOff::units`].
    pub enum TimeOffUnits {
        Hours = "HOURS",
        Days = "DAYS",
    }
}

model! {
    /// A bank info.
    ///
    /// Panora's API has it; no event carries it.
    pub struct BankInfo in "hris" {
        pub account_type: Option<BankInfoAccountType>,
        pub bank_name: Option<String>,
        pub account_number: Option<Secret>,
        pub routing_number: Option<Secret>,
        pub employee_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
    }
}

model! {
    /// A bank info, as a row of Panora's table `hris_bank_infos`.
    ///
    /// `hris.bankinfo.pulled` carries a list of these.
    pub struct BankInfoRow in "hris" {
        pub id_hris_bank_info: String,
        pub account_type: Option<BankInfoAccountType>,
        pub bank_name: Option<String>,
        pub account_number: Option<Secret>,
        pub routing_number: Option<Secret>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
        pub id_hris_employee: Option<String>,
    }
}

model! {
    /// A benefit.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Benefit in "hris" {
        pub provider_name: Option<String>,
        pub employee_id: Option<String>,
        pub employee_contribution: Option<f64>,
        pub company_contribution: Option<f64>,
        pub start_date: Option<DateTime>,
        pub end_date: Option<DateTime>,
        pub employer_benefit_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
    }
}

model! {
    /// A benefit, as a row of Panora's table `hris_benefits`.
    ///
    /// `hris.benefit.pulled` carries a list of these.
    pub struct BenefitRow in "hris" {
        pub id_hris_benefit: String,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
        pub provider_name: Option<String>,
        pub id_hris_employee: Option<String>,
        /// Arrives as digits in a string.
        pub employee_contribution: Option<i64>,
        /// Arrives as digits in a string.
        pub company_contribution: Option<i64>,
        pub start_date: Option<DateTime>,
        pub end_date: Option<DateTime>,
        pub id_hris_employer_benefit: Option<String>,
    }
}

model! {
    /// A company.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Company in "hris" {
        pub legal_name: Option<String>,
        pub locations: Option<Vec<String>>,
        pub display_name: Option<String>,
        pub eins: Option<Vec<String>>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
    }
}

model! {
    /// A company, as a row of Panora's table `hris_companies`.
    ///
    /// `hris.company.pulled` carries a list of these.
    pub struct CompanyRow in "hris" {
        pub id_hris_company: String,
        pub legal_name: Option<String>,
        pub display_name: Option<String>,
        pub eins: Option<Vec<String>>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A dependent.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Dependent in "hris" {
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub middle_name: Option<String>,
        pub relationship: Option<DependentRelationship>,
        pub date_of_birth: Option<DateTime>,
        pub gender: Option<Gender>,
        pub phone_number: Option<String>,
        pub home_location: Option<String>,
        pub is_student: Option<bool>,
        pub ssn: Option<Secret>,
        pub employee_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
    }
}

model! {
    /// A dependent, as a row of Panora's table `hris_dependents`.
    ///
    /// `hris.dependent.pulled` carries a list of these.
    pub struct DependentRow in "hris" {
        pub id_hris_dependents: String,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub middle_name: Option<String>,
        pub relationship: Option<DependentRelationship>,
        /// A date: its time is midnight.
        pub date_of_birth: Option<DateTime>,
        pub gender: Option<Gender>,
        pub phone_number: Option<String>,
        pub home_location: Option<String>,
        pub is_student: Option<bool>,
        pub ssn: Option<Secret>,
        pub id_hris_employee: Option<String>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An employee.
    ///
    /// `hris.employee.created` carries one.
    pub struct Employee in "hris" {
        pub id: String,
        pub groups: Option<Vec<String>>,
        pub employee_number: Option<String>,
        pub company_id: Option<String>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub preferred_name: Option<String>,
        pub display_full_name: Option<String>,
        pub username: Option<String>,
        pub work_email: Option<String>,
        pub personal_email: Option<String>,
        pub mobile_phone_number: Option<String>,
        pub employments: Option<Vec<String>>,
        pub ssn: Option<Secret>,
        pub manager_id: Option<String>,
        pub gender: Option<Gender>,
        pub ethnicity: Option<String>,
        pub marital_status: Option<String>,
        pub date_of_birth: Option<DateTime>,
        pub start_date: Option<DateTime>,
        pub employment_status: Option<EmployeeEmploymentStatus>,
        pub termination_date: Option<DateTime>,
        pub avatar_url: Option<String>,
        pub locations: Option<Vec<String>>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// An employee, as a row of Panora's table `hris_employees`.
    ///
    /// `hris.employee.pulled` carries a list of these.
    pub struct EmployeeRow in "hris" {
        pub id_hris_employee: String,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
        pub manager: Option<String>,
        pub groups: Option<Vec<String>>,
        pub employee_number: Option<String>,
        pub id_hris_company: Option<String>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub preferred_name: Option<String>,
        pub display_full_name: Option<String>,
        pub username: Option<String>,
        pub work_email: Option<String>,
        pub personal_email: Option<String>,
        pub mobile_phone_number: Option<String>,
        pub employments: Option<Vec<String>>,
        pub ssn: Option<Secret>,
        pub gender: Option<Gender>,
        pub ethnicity: Option<String>,
        pub marital_status: Option<String>,
        /// A date: its time is midnight.
        pub date_of_birth: Option<DateTime>,
        /// A date: its time is midnight.
        pub start_date: Option<DateTime>,
        pub employment_status: Option<EmployeeEmploymentStatus>,
        /// A date: its time is midnight.
        pub termination_date: Option<DateTime>,
        pub avatar_url: Option<String>,
    }
}

model! {
    /// A deduction item: part of [`EmployeePayrollRun`].
    pub struct DeductionItem in "hris" {
        pub name: Option<String>,
        pub employee_deduction: Option<f64>,
        pub company_deduction: Option<f64>,
    }
}

model! {
    /// An earning item: part of [`EmployeePayrollRun`].
    pub struct EarningItem in "hris" {
        pub amount: Option<f64>,
        pub r#type: Option<String>,
    }
}

model! {
    /// A tax item: part of [`EmployeePayrollRun`].
    pub struct TaxItem in "hris" {
        pub name: Option<String>,
        pub amount: Option<f64>,
        pub employer_tax: Option<bool>,
    }
}

model! {
    /// An employee payroll run.
    ///
    /// Panora's API has it; no event carries it.
    pub struct EmployeePayrollRun in "hris" {
        pub employee_id: Option<String>,
        pub payroll_run_id: Option<String>,
        pub gross_pay: Option<f64>,
        pub net_pay: Option<f64>,
        pub start_date: Option<DateTime>,
        pub end_date: Option<DateTime>,
        pub check_date: Option<DateTime>,
        pub deductions: Option<Vec<DeductionItem>>,
        pub earnings: Option<Vec<EarningItem>>,
        pub taxes: Option<Vec<TaxItem>>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
    }
}

model! {
    /// An employee payroll run, as a row of Panora's table `hris_employee_payroll_runs`.
    ///
    /// `hris.employeepayrollrun.pulled` carries a list of these.
    pub struct EmployeePayrollRunRow in "hris" {
        pub id_hris_employee_payroll_run: String,
        pub id_hris_employee: Option<String>,
        pub id_hris_payroll_run: Option<String>,
        /// Arrives as digits in a string.
        pub gross_pay: Option<i64>,
        /// Arrives as digits in a string.
        pub net_pay: Option<i64>,
        pub start_date: Option<DateTime>,
        pub end_date: Option<DateTime>,
        pub check_date: Option<DateTime>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An employer benefit.
    ///
    /// Panora's API has it; no event carries it.
    pub struct EmployerBenefit in "hris" {
        pub benefit_plan_type: Option<EmployerBenefitPlanType>,
        pub name: Option<String>,
        pub description: Option<String>,
        pub deduction_code: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
    }
}

model! {
    /// An employer benefit, as a row of Panora's table `hris_employer_benefits`.
    ///
    /// `hris.employerbenefit.pulled` carries a list of these.
    pub struct EmployerBenefitRow in "hris" {
        pub id_hris_employer_benefit: String,
        pub id_connection: Option<String>,
        pub benefit_plan_type: Option<EmployerBenefitPlanType>,
        pub name: Option<String>,
        pub description: Option<String>,
        pub deduction_code: Option<String>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// An employment.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Employment in "hris" {
        pub job_title: Option<String>,
        pub pay_rate: Option<f64>,
        pub pay_period: Option<String>,
        pub pay_frequency: Option<String>,
        pub pay_currency: Option<String>,
        pub flsa_status: Option<EmploymentFlsaStatus>,
        pub effective_date: Option<DateTime>,
        pub employment_type: Option<EmploymentType>,
        pub pay_group_id: Option<String>,
        pub employee_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
    }
}

model! {
    /// An employment, as a row of Panora's table `hris_employments`.
    ///
    /// `hris.employment.pulled` carries a list of these.
    pub struct EmploymentRow in "hris" {
        pub id_hris_employment: String,
        pub job_title: Option<String>,
        /// Arrives as digits in a string.
        pub pay_rate: Option<i64>,
        pub pay_period: Option<String>,
        pub pay_frequency: Option<String>,
        pub pay_currency: Option<String>,
        pub flsa_status: Option<EmploymentFlsaStatus>,
        /// A date: its time is midnight.
        pub effective_date: Option<DateTime>,
        pub employment_type: Option<EmploymentType>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
        pub id_hris_pay_group: Option<String>,
        pub id_hris_employee: Option<String>,
    }
}

model! {
    /// A group.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Group in "hris" {
        pub parent_group: Option<String>,
        pub name: Option<String>,
        pub r#type: Option<GroupType>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
    }
}

model! {
    /// A group, as a row of Panora's table `hris_groups`.
    ///
    /// `hris.group.pulled` carries a list of these.
    pub struct GroupRow in "hris" {
        pub id_hris_group: String,
        pub parent_group: Option<String>,
        pub name: Option<String>,
        pub r#type: Option<GroupType>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A location.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Location in "hris" {
        pub name: Option<String>,
        pub phone_number: Option<String>,
        pub street_1: Option<String>,
        pub street_2: Option<String>,
        pub city: Option<String>,
        pub state: Option<String>,
        pub zip_code: Option<String>,
        pub country: Option<String>,
        pub location_type: Option<LocationType>,
        pub company_id: Option<String>,
        pub employee_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
    }
}

model! {
    /// A location, as a row of Panora's table `hris_locations`.
    ///
    /// `hris.location.pulled` carries a list of these.
    pub struct LocationRow in "hris" {
        pub id_hris_location: String,
        pub name: Option<String>,
        pub phone_number: Option<String>,
        pub street_1: Option<String>,
        pub street_2: Option<String>,
        pub city: Option<String>,
        pub state: Option<String>,
        pub id_hris_company: Option<String>,
        pub id_hris_employee: Option<String>,
        pub zip_code: Option<String>,
        pub country: Option<String>,
        pub location_type: Option<LocationType>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A pay group.
    ///
    /// Panora's API has it; no event carries it.
    pub struct PayGroup in "hris" {
        pub pay_group_name: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
    }
}

model! {
    /// A pay group, as a row of Panora's table `hris_pay_groups`.
    ///
    /// `hris.paygroup.pulled` carries a list of these.
    pub struct PayGroupRow in "hris" {
        pub id_hris_pay_group: String,
        pub pay_group_name: Option<String>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A payroll run.
    ///
    /// Panora's API has it; no event carries it.
    pub struct PayrollRun in "hris" {
        pub run_state: Option<PayrollRunState>,
        pub run_type: Option<String>,
        pub start_date: Option<DateTime>,
        pub end_date: Option<DateTime>,
        pub check_date: Option<DateTime>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub employee_payroll_runs: Option<Vec<String>>,
    }
}

model! {
    /// A payroll run, as a row of Panora's table `hris_payroll_runs`.
    ///
    /// `hris.payrollrun.pulled` carries a list of these.
    pub struct PayrollRunRow in "hris" {
        pub id_hris_payroll_run: String,
        pub run_state: Option<PayrollRunState>,
        pub run_type: Option<String>,
        pub start_date: Option<DateTime>,
        pub end_date: Option<DateTime>,
        pub check_date: Option<DateTime>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A time off.
    ///
    /// `hris.timeoff.created` carries one.
    pub struct TimeOff in "hris" {
        pub id: String,
        pub employee: Option<String>,
        pub approver: Option<String>,
        pub status: Option<TimeOffStatus>,
        pub employee_note: Option<String>,
        pub units: Option<TimeOffUnits>,
        pub amount: Option<f64>,
        pub request_type: Option<String>,
        pub start_time: Option<DateTime>,
        pub end_time: Option<DateTime>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// A time off, as a row of Panora's table `hris_time_off`.
    ///
    /// `hris.timeoff.pulled` carries a list of these.
    pub struct TimeOffRow in "hris" {
        pub id_hris_time_off: String,
        pub employee: Option<String>,
        pub approver: Option<String>,
        pub status: Option<TimeOffStatus>,
        pub employee_note: Option<String>,
        pub units: Option<TimeOffUnits>,
        /// Arrives as digits in a string.
        pub amount: Option<i64>,
        pub request_type: Option<String>,
        pub start_time: Option<DateTime>,
        pub end_time: Option<DateTime>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A time off balance.
    ///
    /// Panora's API has it; no event carries it.
    pub struct TimeOffBalance in "hris" {
        pub balance: Option<f64>,
        pub employee_id: Option<String>,
        pub used: Option<f64>,
        pub policy_type: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
    }
}

model! {
    /// A time off balance, as a row of Panora's table `hris_time_off_balances`.
    ///
    /// `hris.timeoffbalance.pulled` carries a list of these.
    pub struct TimeOffBalanceRow in "hris" {
        pub id_hris_time_off_balance: String,
        /// Arrives as digits in a string.
        pub balance: Option<i64>,
        pub id_hris_employee: Option<String>,
        /// Arrives as digits in a string.
        pub used: Option<i64>,
        pub policy_type: Option<String>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A timesheet entry.
    ///
    /// `hris.timesheetentry.created` carries one.
    pub struct TimesheetEntry in "hris" {
        pub id: String,
        pub hours_worked: Option<f64>,
        pub start_time: Option<DateTime>,
        pub end_time: Option<DateTime>,
        pub employee_id: Option<String>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub field_mappings: Option<FieldMappings>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// A timesheet entry, as a row of Panora's table `hris_timesheet_entries`.
    ///
    /// `hris.timesheetentry.pulled` carries a list of these.
    pub struct TimesheetEntryRow in "hris" {
        pub id_hris_timesheet_entry: String,
        /// Arrives as digits in a string.
        pub hours_worked: Option<i64>,
        pub start_time: Option<DateTime>,
        pub end_time: Option<DateTime>,
        pub id_hris_employee: Option<String>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_connection: Option<String>,
    }
}

any_event! {
    /// Any event of this vertical, for a hook on `hris.*` or another prefix.
    pub enum AnyEvent in "hris" {
        /// `hris.bankinfo.pulled`.
        BankInfoPulled(Vec<BankInfoRow>): "hris.bankinfo.pulled",
        /// `hris.benefit.pulled`.
        BenefitPulled(Vec<BenefitRow>): "hris.benefit.pulled",
        /// `hris.company.pulled`.
        CompanyPulled(Vec<CompanyRow>): "hris.company.pulled",
        /// `hris.dependent.pulled`.
        DependentPulled(Vec<DependentRow>): "hris.dependent.pulled",
        /// `hris.employee.created`.
        EmployeeCreated(Employee): "hris.employee.created",
        /// `hris.employeepayrollrun.pulled`.
        EmployeePayrollRunPulled(Vec<EmployeePayrollRunRow>): "hris.employeepayrollrun.pulled",
        /// `hris.employee.pulled`.
        EmployeePulled(Vec<EmployeeRow>): "hris.employee.pulled",
        /// `hris.employerbenefit.pulled`.
        EmployerBenefitPulled(Vec<EmployerBenefitRow>): "hris.employerbenefit.pulled",
        /// `hris.employment.pulled`.
        EmploymentPulled(Vec<EmploymentRow>): "hris.employment.pulled",
        /// `hris.group.pulled`.
        GroupPulled(Vec<GroupRow>): "hris.group.pulled",
        /// `hris.location.pulled`.
        LocationPulled(Vec<LocationRow>): "hris.location.pulled",
        /// `hris.paygroup.pulled`.
        PayGroupPulled(Vec<PayGroupRow>): "hris.paygroup.pulled",
        /// `hris.payrollrun.pulled`.
        PayrollRunPulled(Vec<PayrollRunRow>): "hris.payrollrun.pulled",
        /// `hris.timeoffbalance.pulled`.
        TimeOffBalancePulled(Vec<TimeOffBalanceRow>): "hris.timeoffbalance.pulled",
        /// `hris.timeoff.created`.
        TimeOffCreated(TimeOff): "hris.timeoff.created",
        /// `hris.timeoff.pulled`.
        TimeOffPulled(Vec<TimeOffRow>): "hris.timeoff.pulled",
        /// `hris.timesheetentry.created`.
        TimesheetEntryCreated(TimesheetEntry): "hris.timesheetentry.created",
        /// `hris.timesheetentry.pulled`.
        TimesheetEntryPulled(Vec<TimesheetEntryRow>): "hris.timesheetentry.pulled",
    }
}
