// Written by `cargo test -p panora-hooks-tests --test generated` from `tests/facts/models.json` and the
// catalogue. To change it, change these.

//! File storage.

use serde_json::Value;

use super::{
    DateTime, Expandable, FieldMappings, Secret, any_event::any_event, model::model, open_enum::open_enum,
};

open_enum! {
    /// The values of [`Permission::roles`].
    pub enum PermissionRole {
        Read = "READ",
        Write = "WRITE",
        Owner = "OWNER",
    }
}

open_enum! {
    /// The values of [`Permission::type`].
    pub enum PermissionType {
        User = "USER",
        Group = "GROUP",
        Company = "COMPANY",
        Anyone = "ANYONE",
    }
}

model! {
    /// A drive.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Drive in "filestorage" {
        pub name: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub drive_url: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_cursor: Option<String>,
    }
}

model! {
    /// A drive, as a row of Panora's table `fs_drives`.
    ///
    /// `filestorage.drive.pulled` carries a list of these.
    pub struct DriveRow in "filestorage" {
        pub id_fs_drive: String,
        pub drive_url: Option<String>,
        pub name: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_id: Option<String>,
        pub remote_cursor: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A file.
    ///
    /// `filestorage.file.created` carries one.
    pub struct File in "filestorage" {
        pub id: String,
        pub name: Option<String>,
        pub file_url: Option<String>,
        pub mime_type: Option<String>,
        /// Arrives as digits in a string, or as the text `null`, which is `None`.
        pub size: Option<i64>,
        pub folder_id: Option<String>,
        pub drive_id: Option<String>,
        pub permissions: Option<Vec<PermissionRow>>,
        pub shared_link: Option<SharedLinkRow>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_created_at: Option<DateTime>,
        pub remote_modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        /// In Panora's API; no event carries it.
        pub remote_folder_id: Option<String>,
        /// In Panora's API; no event carries it.
        pub remote_drive_id: Option<String>,
    }
}

model! {
    /// A file, as a row of Panora's table `fs_files`.
    ///
    /// `filestorage.file.pulled` carries a list of these.
    pub struct FileRow in "filestorage" {
        pub id_fs_file: String,
        pub name: Option<String>,
        pub file_url: Option<String>,
        pub mime_type: Option<String>,
        /// Arrives as digits in a string.
        pub size: Option<i64>,
        pub remote_id: Option<String>,
        pub id_fs_permissions: Option<Vec<String>>,
        pub id_fs_folder: Option<String>,
        pub id_fs_drive: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A folder.
    ///
    /// `filestorage.folder.created` carries one.
    pub struct Folder in "filestorage" {
        pub id: String,
        pub folder_url: Option<String>,
        /// Arrives as digits in a string, or as the text `null`, which is `None`.
        pub size: Option<i64>,
        pub name: Option<String>,
        pub description: Option<String>,
        pub parent_folder_id: Option<String>,
        pub drive_id: Option<String>,
        pub permissions: Option<Vec<PermissionRow>>,
        pub shared_link: Option<SharedLinkRow>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_created_at: Option<DateTime>,
        pub remote_modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        /// In Panora's API; no event carries it.
        pub remote_drive_id: Option<String>,
    }
}

model! {
    /// A folder, as a row of Panora's table `fs_folders`.
    ///
    /// `filestorage.folder.pulled` carries a list of these.
    pub struct FolderRow in "filestorage" {
        pub id_fs_folder: String,
        pub folder_url: Option<String>,
        /// Arrives as digits in a string.
        pub size: Option<i64>,
        pub name: Option<String>,
        pub description: Option<String>,
        pub parent_folder: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_created_at: Option<DateTime>,
        pub remote_modified_at: Option<DateTime>,
        pub remote_was_deleted: Option<bool>,
        pub id_fs_drive: Option<String>,
        pub id_connection: Option<String>,
        pub id_fs_permissions: Option<Vec<String>>,
    }
}

model! {
    /// A group.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Group in "filestorage" {
        pub name: Option<String>,
        pub users: Option<Vec<Expandable<User>>>,
        pub remote_was_deleted: Option<bool>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A group, as a row of Panora's table `fs_groups`.
    ///
    /// `filestorage.group.pulled` carries a list of these.
    pub struct GroupRow in "filestorage" {
        pub id_fs_group: String,
        pub name: Option<String>,
        pub users: Option<Vec<String>>,
        pub remote_id: Option<String>,
        pub remote_was_deleted: Option<bool>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A permission.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Permission in "filestorage" {
        pub roles: Option<Vec<PermissionRole>>,
        pub r#type: Option<PermissionType>,
        pub user_id: Option<String>,
        pub group_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A permission, as a row of Panora's table `fs_permissions`.
    ///
    /// `filestorage.permission.pulled` carries a list of these.
    ///
    /// Part of [`File`] and [`Folder`], too.
    pub struct PermissionRow in "filestorage" {
        pub id_fs_permission: String,
        pub remote_id: Option<String>,
        pub user: Option<String>,
        pub group: Option<String>,
        pub r#type: Option<PermissionType>,
        pub roles: Option<Vec<PermissionRole>>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A shared link.
    ///
    /// Panora's API has it; no event carries it.
    pub struct SharedLink in "filestorage" {
        pub url: Option<String>,
        pub download_url: Option<String>,
        pub folder_id: Option<String>,
        pub file_id: Option<String>,
        pub scope: Option<String>,
        pub password_protected: Option<bool>,
        pub password: Option<Secret>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A shared link, as a row of Panora's table `fs_shared_links`.
    ///
    /// `filestorage.sharedlink.pulled` carries a list of these, but no known release sends that.
    ///
    /// Part of [`File`] and [`Folder`], too.
    pub struct SharedLinkRow in "filestorage" {
        pub id_fs_shared_link: String,
        pub url: Option<String>,
        pub download_url: Option<String>,
        pub scope: Option<String>,
        pub password_protected: Option<bool>,
        pub password: Option<Secret>,
        pub expires_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
        pub id_fs_folder: Option<String>,
        pub id_fs_file: Option<String>,
        pub remote_id: Option<String>,
    }
}

model! {
    /// A user.
    ///
    /// Panora's API has it; no event carries it.
    pub struct User in "filestorage" {
        pub name: Option<String>,
        pub email: Option<String>,
        pub is_me: Option<bool>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A user, as a row of Panora's table `fs_users`.
    ///
    /// `filestorage.user.pulled` carries a list of these.
    pub struct UserRow in "filestorage" {
        pub id_fs_user: String,
        pub name: Option<String>,
        pub email: Option<String>,
        pub is_me: Option<bool>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

any_event! {
    /// Any event of this vertical, for a hook on `filestorage.*` or another prefix.
    pub enum AnyEvent in "filestorage" {
        /// `filestorage.drive.pulled`.
        DrivePulled(Vec<DriveRow>): "filestorage.drive.pulled",
        /// `filestorage.file.created`.
        FileCreated(File): "filestorage.file.created",
        /// `filestorage.file.pulled`.
        FilePulled(Vec<FileRow>): "filestorage.file.pulled",
        /// `filestorage.folder.created`.
        FolderCreated(Folder): "filestorage.folder.created",
        /// `filestorage.folder.pulled`.
        FolderPulled(Vec<FolderRow>): "filestorage.folder.pulled",
        /// `filestorage.group.pulled`.
        GroupPulled(Vec<GroupRow>): "filestorage.group.pulled",
        /// `filestorage.permission.pulled`.
        PermissionPulled(Vec<PermissionRow>): "filestorage.permission.pulled",
        /// `filestorage.sharedlink.pulled`, which no known release sends.
        SharedLinkPulled(Vec<SharedLinkRow>): "filestorage.sharedlink.pulled",
        /// `filestorage.user.pulled`.
        UserPulled(Vec<UserRow>): "filestorage.user.pulled",
    }
}
