//! The event catalogue, the only list of Panora's event types.
//!
//! The macros check event types against it, and [`expand`] passes it to the runtime.
//! `tests/payloads/catalogue.rs` names the facts behind it and tests that both agree.

use proc_macro2::TokenStream;
use quote::quote;

use Payload::{List, One, Untyped};

/// An event type that a hook may name.
pub(crate) struct Event {
    /// The name that hooks use and endpoints subscribe to.
    pub(crate) name: &'static str,
    /// The `type` in bodies.
    pub(crate) wire_name: &'static str,
    /// Another `type` that means the same: an older name, or another spelling in Panora's source.
    pub(crate) variant: Option<&'static str>,
    /// A wrong name that Panora itself published.
    pub(crate) misspelling: Option<&'static str>,
    pub(crate) payload: Payload,
    pub(crate) sender: Sender,
}

/// The content of an event's `data`, by the name of its model.
#[derive(Clone, Copy)]
pub(crate) enum Payload {
    One(&'static str),
    List(&'static str),
    /// A list of rows that have no model.
    Untyped,
}

impl Payload {
    pub(crate) const fn is_list(self) -> bool {
        matches!(self, List(_) | Untyped)
    }
}

/// The sender of an event type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The last release.
    Current,
    /// Only older releases.
    Past,
    /// No release: Panora's source has the code, but no path reaches it.
    Unreachable,
    /// No release: only a document or a list names it.
    Listed,
}

impl Event {
    const fn new(name: &'static str, payload: Payload, sender: Sender) -> Self {
        Self { name, wire_name: name, variant: None, misspelling: None, payload, sender }
    }

    const fn wire_name(self, wire_name: &'static str) -> Self {
        Self { wire_name, ..self }
    }

    const fn variant(self, variant: &'static str) -> Self {
        Self { variant: Some(variant), ..self }
    }

    const fn misspelling(self, misspelling: &'static str) -> Self {
        Self { misspelling: Some(misspelling), ..self }
    }
}

const fn sent(name: &'static str, payload: Payload) -> Event {
    Event::new(name, payload, Sender::Current)
}

const fn past(name: &'static str, payload: Payload) -> Event {
    Event::new(name, payload, Sender::Past)
}

const fn unreachable(name: &'static str, payload: Payload) -> Event {
    Event::new(name, payload, Sender::Unreachable)
}

const fn listed(name: &'static str, payload: Payload) -> Event {
    Event::new(name, payload, Sender::Listed)
}

/// The result of looking up a text that a user wrote as an event type.
pub(crate) enum Meaning {
    /// An event type, under the name that hooks use.
    Event(&'static Event),
    /// The name of this event in bodies only.
    WireName(&'static Event),
    /// A wrong spelling of this event.
    Misspelling(&'static Event),
    /// The retry of a passthrough request, for any provider.
    Passthrough,
}

/// Looks up an event type.
pub(crate) fn find(text: &str) -> Option<Meaning> {
    let by = |matches: &dyn Fn(&Event) -> bool| EVENTS.iter().find(|event| matches(event));
    by(&|event| event.name == text)
        .map(Meaning::Event)
        .or_else(|| by(&|event| event.wire_name == text).map(Meaning::WireName))
        .or_else(|| by(&|event| event.misspelling == Some(text)).map(Meaning::Misspelling))
        .or_else(|| is_passthrough(text).then_some(Meaning::Passthrough))
}

/// Returns the position of an event type in the table, which is the same in the runtime.
pub(crate) fn position(event: &Event) -> Option<usize> {
    EVENTS.iter().position(|other| other.name == event.name)
}

/// Returns the event types below a prefix, which is empty or ends with a dot, that are sent.
pub(crate) fn sent_below(prefix: &str) -> impl Iterator<Item = &'static Event> {
    let is_sent = |event: &&Event| matches!(event.sender, Sender::Current | Sender::Past);
    EVENTS.iter().filter(is_sent).filter(move |event| event.name.starts_with(prefix))
}

fn is_passthrough(text: &str) -> bool {
    let mut segments = text.split('.');
    segments.next().is_some_and(|vertical| VERTICALS.contains(&vertical))
        && segments.next().is_some_and(|provider| !provider.is_empty())
        && segments.next() == Some("passthrough")
        && segments.next().is_none()
}

/// Returns every prefix that can precede `.*` in a pattern, such as `crm` and `crm.contact`.
pub(crate) fn prefixes() -> impl Iterator<Item = &'static str> {
    let of_events =
        EVENTS.iter().flat_map(|event| event.name.match_indices('.').map(|(dot, _)| &event.name[..dot]));
    VERTICALS.iter().copied().chain(of_events)
}

/// Returns whether event types begin with `text` and a dot.
pub(crate) fn is_prefix(text: &str) -> bool {
    prefixes().any(|prefix| prefix == text)
}

/// Returns every name that a hook may use.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    EVENTS.iter().map(|event| event.name)
}

/// Returns the table as an expression, for `panora_hooks::catalogue`.
pub(crate) fn expand() -> TokenStream {
    let events = EVENTS.iter().map(|event| {
        let Event { name, wire_name, variant, misspelling, payload, sender } = event;
        let variant = optional(*variant);
        let misspelling = optional(*misspelling);
        let (payload, shape) = match *payload {
            One(model) => (optional(Some(model)), quote!(Shape::Object)),
            List(model) => (optional(Some(model)), quote!(Shape::List)),
            Untyped => (optional(None), quote!(Shape::List)),
        };
        let sender = match sender {
            Sender::Current => quote!(Sender::Current),
            Sender::Past => quote!(Sender::Past),
            Sender::Unreachable => quote!(Sender::Unreachable),
            Sender::Listed => quote!(Sender::Listed),
        };
        quote! {
            EventType {
                name: #name,
                wire_name: #wire_name,
                variant: #variant,
                misspelling: #misspelling,
                payload: #payload,
                shape: #shape,
                sender: #sender,
            }
        }
    });
    quote!([#(#events),*])
}

fn optional(text: Option<&str>) -> TokenStream {
    text.map_or_else(
        || quote!(::core::option::Option::None),
        |text| quote!(::core::option::Option::Some(#text)),
    )
}

/// The verticals of event types, including those without an event in the list below.
const VERTICALS: &[&str] = &[
    "crm",
    "ticketing",
    "filestorage",
    "ecommerce",
    "accounting",
    "ats",
    "hris",
    "marketingautomation",
    "productivity",
];

#[rustfmt::skip]
const EVENTS: &[Event] = &[
    sent("connection.created", One("Connection")),

    sent("crm.company.created", One("Company")).wire_name("crm.company.push"),
    sent("crm.company.pulled", List("CompanyRow")),
    sent("crm.contact.created", One("Contact")),
    listed("crm.contact.deleted", One("Contact")),
    sent("crm.contact.pulled", List("ContactRow")).variant("crm.contact.synced"),
    listed("crm.contact.synced", List("ContactRow")),
    listed("crm.contact.updated", One("Contact")),
    sent("crm.deal.created", One("Deal")).wire_name("crm.deal.push"),
    listed("crm.deal.deleted", One("Deal")),
    sent("crm.deal.pulled", List("DealRow")),
    listed("crm.deal.updated", One("Deal")),
    sent("crm.engagement.created", One("Engagement")).wire_name("crm.engagement.push"),
    listed("crm.engagement.deleted", One("Engagement")),
    sent("crm.engagement.pulled", List("EngagementRow")),
    listed("crm.engagement.updated", One("Engagement")),
    sent("crm.note.created", One("Note")).wire_name("crm.note.push"),
    listed("crm.note.deleted", One("Note")),
    sent("crm.note.pulled", List("NoteRow")),
    listed("crm.note.updated", One("Note")),
    sent("crm.stage.pulled", List("StageRow")),
    sent("crm.task.created", One("Task")).wire_name("crm.task.push"),
    listed("crm.task.deleted", One("Task")),
    sent("crm.task.pulled", List("TaskRow")),
    listed("crm.task.updated", One("Task")),
    listed("crm.user.created", One("User")),
    listed("crm.user.deleted", One("User")),
    sent("crm.user.pulled", List("UserRow")),
    listed("crm.user.updated", One("User")),

    listed("ticketing.account.created", One("Account")),
    listed("ticketing.account.deleted", One("Account")),
    sent("ticketing.account.pulled", List("AccountRow")),
    listed("ticketing.account.updated", One("Account")),
    sent("ticketing.attachment.created", One("Attachment")).wire_name("ticketing.attachment.push"),
    listed("ticketing.attachment.pulled", List("AttachmentRow")),
    sent("ticketing.collection.pulled", List("CollectionRow")),
    sent("ticketing.comment.created", One("Comment")).wire_name("ticketing.comment.push"),
    listed("ticketing.comment.deleted", One("Comment")),
    sent("ticketing.comment.pulled", List("CommentRow")).variant("ticketing.comment.synced"),
    past("ticketing.comment.synced", List("CommentRow")),
    listed("ticketing.comment.updated", One("Comment")),
    listed("ticketing.contact.created", One("Contact")),
    listed("ticketing.contact.deleted", One("Contact")),
    sent("ticketing.contact.pulled", List("ContactRow")),
    listed("ticketing.contact.updated", One("Contact")),
    listed("ticketing.tag.created", One("Tag")),
    listed("ticketing.tag.deleted", One("Tag")),
    sent("ticketing.tag.pulled", List("TagRow")),
    listed("ticketing.tag.updated", One("Tag")),
    listed("ticketing.team.created", One("Team")),
    listed("ticketing.team.deleted", One("Team")),
    sent("ticketing.team.pulled", List("TeamRow")),
    listed("ticketing.team.updated", One("Team")),
    sent("ticketing.ticket.created", One("Ticket")).wire_name("ticketing.ticket.push"),
    listed("ticketing.ticket.deleted", One("Ticket")),
    sent("ticketing.ticket.pulled", List("TicketRow")).variant("ticketing.ticket.synced"),
    past("ticketing.ticket.synced", List("TicketRow")),
    listed("ticketing.ticket.updated", One("Ticket")),
    listed("ticketing.user.created", One("User")),
    listed("ticketing.user.deleted", One("User")),
    sent("ticketing.user.pulled", List("UserRow")),
    listed("ticketing.user.updated", One("User")),

    sent("filestorage.drive.pulled", List("DriveRow")),
    sent("filestorage.file.created", One("File")),
    sent("filestorage.file.pulled", List("FileRow")),
    sent("filestorage.folder.created", One("Folder")),
    sent("filestorage.folder.pulled", List("FolderRow")),
    sent("filestorage.group.pulled", List("GroupRow")),
    sent("filestorage.permission.pulled", List("PermissionRow")),
    listed("filestorage.sharedlink.pulled", List("SharedLinkRow")),
    sent("filestorage.user.pulled", List("UserRow")),

    sent("ecommerce.customer.pulled", List("CustomerRow")),
    sent("ecommerce.fulfillment.pulled", List("FulfillmentRow")),
    unreachable("ecommerce.fulfillmentorders.pulled", Untyped),
    unreachable("ecommerce.order.created", One("Order")).wire_name("ecommerce.order.push"),
    sent("ecommerce.order.pulled", List("OrderRow")),
    sent("ecommerce.product.created", One("Product")).wire_name("ecommerce.product.push"),
    sent("ecommerce.product.pulled", List("ProductRow")),

    unreachable("accounting.account.pulled", List("AccountRow")),
    unreachable("accounting.address.pulled", List("AddressRow")),
    unreachable("accounting.attachment.pulled", List("AttachmentRow")),
    unreachable("accounting.balancesheet.pulled", List("BalanceSheetRow")),
    unreachable("accounting.cashflow_statement.pulled", List("CashflowStatementRow")),
    unreachable("accounting.cashflowstatement.pulled", List("CashflowStatementRow")).variant("accounting.cashflow_statement.pulled"),
    unreachable("accounting.company_info.pulled", List("CompanyInfoRow")),
    unreachable("accounting.companyinfo.pulled", List("CompanyInfoRow")).variant("accounting.company_info.pulled"),
    unreachable("accounting.contact.pulled", List("ContactRow")),
    unreachable("accounting.credit_note.pulled", List("CreditNoteRow")),
    unreachable("accounting.creditnote.pulled", List("CreditNoteRow")).variant("accounting.credit_note.pulled"),
    unreachable("accounting.expense.pulled", List("ExpenseRow")),
    unreachable("accounting.income_statement.pulled", List("IncomeStatementRow")),
    unreachable("accounting.incomestatement.pulled", List("IncomeStatementRow")).variant("accounting.income_statement.pulled"),
    unreachable("accounting.invoice.pulled", List("InvoiceRow")),
    unreachable("accounting.item.pulled", List("ItemRow")),
    unreachable("accounting.journal_entry.pulled", List("JournalEntryRow")),
    unreachable("accounting.journalentry.pulled", List("JournalEntryRow")).variant("accounting.journal_entry.pulled"),
    unreachable("accounting.payment.pulled", List("PaymentRow")),
    unreachable("accounting.phone_number.pulled", List("PhoneNumberRow")),
    unreachable("accounting.phonenumber.pulled", List("PhoneNumberRow")).variant("accounting.phone_number.pulled"),
    unreachable("accounting.purchase_order.pulled", List("PurchaseOrderRow")),
    unreachable("accounting.purchaseorder.pulled", List("PurchaseOrderRow")).variant("accounting.purchase_order.pulled"),
    unreachable("accounting.tax_rate.pulled", List("TaxRateRow")),
    unreachable("accounting.taxrate.pulled", List("TaxRateRow")).variant("accounting.tax_rate.pulled"),
    unreachable("accounting.tracking_category.pulled", List("TrackingCategoryRow")),
    unreachable("accounting.trackingcategory.pulled", List("TrackingCategoryRow")).variant("accounting.tracking_category.pulled"),
    unreachable("accounting.transaction.pulled", List("TransactionRow")),
    unreachable("accounting.vendor_credit.pulled", List("VendorCreditRow")),
    unreachable("accounting.vendorcredit.pulled", List("VendorCreditRow")).variant("accounting.vendor_credit.pulled"),

    past("ats.activity.created", One("Activity")),
    past("ats.activity.pulled", List("ActivityRow")),
    past("ats.application.created", One("Application")),
    past("ats.application.pulled", List("ApplicationRow")),
    past("ats.attachment.created", One("Attachment")),
    listed("ats.attachment.pulled", List("AttachmentRow")),
    past("ats.candidate.created", One("Candidate")),
    past("ats.candidate.pulled", List("CandidateRow")),
    past("ats.department.pulled", List("DepartmentRow")).misspelling("ats.departement.pulled"),
    past("ats.eeocs.pulled", List("EeocsRow")).misspelling("ats.eecos.pulled"),
    past("ats.interview.created", One("Interview")),
    past("ats.interview.pulled", List("InterviewRow")),
    past("ats.job.pulled", List("JobRow")),
    past("ats.jobinterviewstage.pulled", List("JobInterviewStageRow")),
    listed("ats.offer.created", One("Offer")),
    past("ats.offer.pulled", List("OfferRow")),
    past("ats.office.pulled", List("OfficeRow")),
    past("ats.rejectreason.pulled", List("RejectReasonRow")),
    past("ats.scorecard.pulled", List("ScoreCardRow")),
    past("ats.tag.pulled", List("TagRow")),
    past("ats.user.pulled", List("UserRow")),

    past("hris.bankinfo.pulled", List("BankInfoRow")),
    past("hris.benefit.pulled", List("BenefitRow")),
    past("hris.company.pulled", List("CompanyRow")),
    past("hris.dependent.pulled", List("DependentRow")),
    past("hris.employee.created", One("Employee")).wire_name("hris.employee.push"),
    past("hris.employee.pulled", List("EmployeeRow")),
    past("hris.employeepayrollrun.pulled", List("EmployeePayrollRunRow")),
    past("hris.employerbenefit.pulled", List("EmployerBenefitRow")),
    past("hris.employment.pulled", List("EmploymentRow")),
    past("hris.group.pulled", List("GroupRow")),
    past("hris.location.pulled", List("LocationRow")),
    past("hris.paygroup.pulled", List("PayGroupRow")),
    past("hris.payrollrun.pulled", List("PayrollRunRow")),
    past("hris.timeoff.created", One("TimeOff")).wire_name("hris.timeoff.push"),
    past("hris.timeoff.pulled", List("TimeOffRow")),
    past("hris.timeoffbalance.pulled", List("TimeOffBalanceRow")),
    past("hris.timesheetentry.created", One("TimesheetEntry")).wire_name("hris.timesheetentry.push"),
    past("hris.timesheetentry.pulled", List("TimesheetEntryRow")),
];
