/* SPDX-License-Identifier: MIT */
#include "sim/object.h"

#include "core/assert.h"
#include "core/sanitize.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES ((uintptr_t)4096)
/* A tag that the loader does not know, and so skips. */
#define TAG_IGNORED 0x6000fff0

typedef ElfW(Ehdr) elf_header;
typedef ElfW(Phdr) elf_segment;
typedef ElfW(Shdr) elf_section;
typedef ElfW(Dyn) elf_dynamic;
typedef ElfW(Sym) elf_symbol;

static uintptr_t page_down(uintptr_t address)
{
    return address & ~(PAGE_BYTES - 1);
}

static uintptr_t page_up(uintptr_t address)
{
    return page_down(address + PAGE_BYTES - 1);
}

/* ---- looking around in the file ---- */

static const elf_header *header_of(const struct sim_object *object)
{
    return (const elf_header *)(const void *)object->file;
}

static const elf_segment *segments_of(const struct sim_object *object)
{
    return (const elf_segment *)(const void *)(object->file + header_of(object)->e_phoff);
}

static const elf_segment *segment_of_type(const struct sim_object *object, uint32_t type)
{
    const elf_segment *segments = segments_of(object);

    for (int i = 0; i < header_of(object)->e_phnum; i++) {
        if (segments[i].p_type == type)
            return &segments[i];
    }
    return NULL;
}

/* Where an address of the object lies in its file; SIZE_MAX: nowhere. */
static size_t offset_of(const struct sim_object *object, uint64_t address)
{
    const elf_segment *segments = segments_of(object);

    for (int i = 0; i < header_of(object)->e_phnum; i++) {
        const elf_segment *s = &segments[i];
        if (s->p_type == PT_LOAD && address >= s->p_vaddr && address < s->p_vaddr + s->p_filesz)
            return address - s->p_vaddr + s->p_offset;
    }
    return SIZE_MAX;
}

static const elf_dynamic *dynamic_of(const struct sim_object *object)
{
    const elf_segment *segment = segment_of_type(object, PT_DYNAMIC);

    return segment ? (const elf_dynamic *)(const void *)(object->file + segment->p_offset) : NULL;
}

static uint64_t dynamic_value(const struct sim_object *object, int64_t tag)
{
    for (const elf_dynamic *d = dynamic_of(object); d && d->d_tag != DT_NULL; d++) {
        if (d->d_tag == tag)
            return d->d_un.d_val;
    }
    return 0;
}

/* ---- data ---- */

/* What the loader makes read-only after it has relocated it. */
static bool is_relro(const struct sim_object *object, const elf_section *section)
{
    const elf_segment *relro = segment_of_type(object, PT_GNU_RELRO);

    return relro && section->sh_addr >= relro->p_vaddr &&
           section->sh_addr + section->sh_size <= relro->p_vaddr + relro->p_memsz;
}

static bool section_can_hold_data(const struct sim_object *object, const elf_section *section,
                                  const char *name)
{
    if (!(section->sh_flags & SHF_ALLOC) || !(section->sh_flags & SHF_WRITE) ||
        section->sh_size == 0 || is_relro(object, section))
        return false;
    return strcmp(name, ".got.plt") != 0 && strcmp(name, ".got") != 0 &&
           strcmp(name, "sm_sites") != 0 && strcmp(name, ".dynamic") != 0 &&
           strcmp(name, "asan_globals") != 0;
}

/* The start files of the C compiler keep a flag and a handle in each object; the sanitizers keep
 * flags, and descriptions of places. */
static bool is_the_compilers(const char *symbol)
{
    return strncmp(symbol, "completed.", 10) == 0 || strcmp(symbol, "__dso_handle") == 0 ||
           strcmp(symbol, "___asan_globals_registered") == 0 ||
           strncmp(symbol, "__odr_asan", 10) == 0 || strncmp(symbol, "__unnamed_", 10) == 0;
}

static bool is_data(const struct sim_object *object, const elf_section *sections,
                    const char *section_names, const elf_symbol *symbol, const char *name)
{
    const int type = ELF64_ST_TYPE(symbol->st_info);

    if ((type != STT_OBJECT && type != STT_COMMON) || symbol->st_size == 0 ||
        symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= header_of(object)->e_shnum)
        return false;
    const elf_section *section = &sections[symbol->st_shndx];
    return section_can_hold_data(object, section, section_names + section->sh_name) &&
           !is_the_compilers(name);
}

/*
 * By its sections and symbols. Without symbols whatever has more than nothing counts: a copy too
 * many costs memory, one too few mixes machines up.
 */
static bool find_data(const struct sim_object *object)
{
    const elf_header *header = header_of(object);
    const elf_section *sections =
        (const elf_section *)(const void *)(object->file + header->e_shoff);
    const elf_segment *tls = segment_of_type(object, PT_TLS);
    bool any = false;

    if (tls && tls->p_memsz > 0)
        return true;
    if (header->e_shnum == 0 || header->e_shstrndx >= header->e_shnum)
        return true;
    const char *names = (const char *)object->file + sections[header->e_shstrndx].sh_offset;
    const elf_section *table = NULL;
    for (int i = 0; i < header->e_shnum; i++) {
        any = any || section_can_hold_data(object, &sections[i], names + sections[i].sh_name);
        if (sections[i].sh_type == SHT_SYMTAB)
            table = &sections[i];
    }
    if (!any || !table)
        return any;
    const elf_symbol *symbols = (const elf_symbol *)(const void *)(object->file + table->sh_offset);
    const char *texts = (const char *)object->file + sections[table->sh_link].sh_offset;
    for (size_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
        if (is_data(object, sections, names, &symbols[i], texts + symbols[i].st_name))
            return true;
    }
    return false;
}

void sim_object_each_data(const struct sim_object *object, uintptr_t base,
                          void (*visit)(void *arg, char *data, size_t bytes, size_t zeros),
                          void *arg)
{
    const elf_segment *segments = segments_of(object);
    const elf_segment *relro = segment_of_type(object, PT_GNU_RELRO);

    for (int i = 0; i < header_of(object)->e_phnum; i++) {
        const elf_segment *s = &segments[i];
        if (s->p_type != PT_LOAD || !(s->p_flags & PF_W))
            continue;
        uintptr_t from = base + s->p_vaddr;
        uintptr_t end = from + s->p_filesz;
        /* The loader protects whole pages. */
        if (relro && relro->p_vaddr >= s->p_vaddr && relro->p_vaddr < s->p_vaddr + s->p_memsz)
            from = page_down(base + relro->p_vaddr + relro->p_memsz);
        if (from > end)
            end = from;
        visit(arg, (char *)from, end - from, base + s->p_vaddr + s->p_memsz - end); // NOLINT
    }
}

bool sim_object_tls(const struct sim_object *object, uintptr_t base, const char **image,
                    size_t *image_bytes, size_t *bytes)
{
    const elf_segment *tls = segment_of_type(object, PT_TLS);

    if (!tls || tls->p_memsz == 0)
        return false;
    *image = (const char *)(base + tls->p_vaddr); // NOLINT
    *image_bytes = tls->p_filesz;
    *bytes = tls->p_memsz;
    return true;
}

/* ---- open and close ---- */

static bool is_shared_object(const struct sim_object *object)
{
    const elf_header *header = header_of(object);

    return object->file_bytes > sizeof *header && memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
           header->e_type == ET_DYN && header->e_ident[EI_CLASS] == ELFCLASS64 &&
           header->e_phoff + header->e_phnum * sizeof(elf_segment) <= object->file_bytes &&
           header->e_shoff + header->e_shnum * sizeof(elf_section) <= object->file_bytes;
}

static void read_dynamic(struct sim_object *object, const char *strings)
{
    for (const elf_dynamic *d = dynamic_of(object); d && d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_SONAME)
            object->soname = strings + d->d_un.d_val;
        if (d->d_tag == DT_NEEDED && object->needed_count < SIM_OBJECT_NEEDED_MAX)
            object->needed[object->needed_count++] = strings + d->d_un.d_val;
    }
    object->init = dynamic_value(object, DT_INIT);
    object->init_array = dynamic_value(object, DT_INIT_ARRAY);
    object->init_array_bytes = dynamic_value(object, DT_INIT_ARRAYSZ);
}

static int examine(struct sim_object *object)
{
    if (!is_shared_object(object))
        return -ENOEXEC;
    const elf_segment *segments = segments_of(object);
    for (int i = 0; i < header_of(object)->e_phnum; i++) {
        const size_t end = segments[i].p_offset + segments[i].p_filesz;
        if (segments[i].p_type == PT_LOAD && end > object->load_bytes)
            object->load_bytes = end;
    }
    const size_t strings = offset_of(object, dynamic_value(object, DT_STRTAB));
    if (strings == SIZE_MAX || object->load_bytes > object->file_bytes)
        return -ENOEXEC;
    const char *texts = (const char *)object->file + strings;
    read_dynamic(object, texts);
    object->has_data = find_data(object);
    return 0;
}

int sim_object_open(struct sim_object *object, const char *path)
{
    struct stat status;

    memset(object, 0, sizeof *object);
    object->path = path;
    object->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (object->fd < 0)
        return -errno;
    int error = fstat(object->fd, &status) ? -errno : 0;
    if (!error) {
        object->file_bytes = (size_t)status.st_size;
        void *file = mmap(NULL, object->file_bytes, PROT_READ, MAP_PRIVATE, object->fd, 0);
        object->file = file == MAP_FAILED ? NULL : file;
        error = object->file ? examine(object) : -errno;
    }
    if (error)
        sim_object_close(object);
    return error;
}

void sim_object_close(struct sim_object *object)
{
    if (object->file)
        munmap((void *)(uintptr_t)object->file, object->file_bytes);
    if (object->fd >= 0)
        close(object->fd);
    object->file = NULL;
    object->fd = -1;
}

/* ---- copies ---- */

static bool is_lifecycle(int64_t tag)
{
    return tag == DT_INIT || tag == DT_FINI || tag == DT_INIT_ARRAY || tag == DT_FINI_ARRAY ||
           tag == DT_INIT_ARRAYSZ || tag == DT_FINI_ARRAYSZ;
}

/* The name of a symbol that the object takes from elsewhere becomes another of the same length. */
static void import_instead(char *texts, size_t bytes, const char *name, const char *instead)
{
    char *found = memmem(texts, bytes, name, strlen(name) + 1);

    if (found && found > texts && found[-1] == '\0')
        memcpy(found, instead, strlen(instead));
}

/* In the copy's own bytes. */
static void edit_copy(const struct sim_object *object, char *copy,
                      void (*rename)(void *arg, char *name), void *arg)
{
    char *texts = copy + offset_of(object, dynamic_value(object, DT_STRTAB));
    elf_dynamic *dynamic =
        (elf_dynamic *)(void *)(copy + segment_of_type(object, PT_DYNAMIC)->p_offset);

    for (elf_dynamic *d = dynamic; d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_NEEDED || d->d_tag == DT_SONAME)
            rename(arg, texts + d->d_un.d_val);
        else if (is_lifecycle(d->d_tag))
            d->d_tag = TAG_IGNORED;
    }
    if (SM__ASAN) { /* sim/asan.h */
        const size_t bytes = dynamic_value(object, DT_STRSZ);
        import_instead(texts, bytes, "__asan_register_globals", "sim_asan_register_first");
        import_instead(texts, bytes, "__asan_register_elf_globals", "sim_asan_register_elf_first");
    }
}

static void drop_sections(elf_header *header)
{
    header->e_shoff = 0;
    header->e_shnum = header->e_shstrndx = 0;
}

int sim_object_copy(const struct sim_object *object, bool whole,
                    void (*rename)(void *arg, char *name), void *arg)
{
    const size_t bytes = whole ? object->file_bytes : object->load_bytes;
    const int fd = memfd_create("steelmill-object", MFD_CLOEXEC);

    if (fd < 0)
        return -errno;
    char *copy = MAP_FAILED;
    if (ftruncate(fd, (off_t)bytes) == 0)
        copy = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (copy == MAP_FAILED) {
        const int error = -errno;
        close(fd);
        return error;
    }
    memcpy(copy, object->file, bytes);
    edit_copy(object, copy, rename, arg);
    if (!whole)
        drop_sections((elf_header *)(void *)copy);
    munmap(copy, bytes);
    return fd;
}

void sim_object_share_code(const struct sim_object *object, uintptr_t base, int fd)
{
    const elf_segment *segments = segments_of(object);

    for (int i = 0; i < header_of(object)->e_phnum; i++) {
        const elf_segment *s = &segments[i];
        if (s->p_type != PT_LOAD || !(s->p_flags & PF_X) || (s->p_flags & PF_W))
            continue;
        const uintptr_t from = page_down(base + s->p_vaddr);
        const size_t bytes = page_up(base + s->p_vaddr + s->p_filesz) - from;
        const off_t offset = (off_t)page_down(s->p_offset);
        if (dynamic_value(object, DT_TEXTREL) || (dynamic_value(object, DT_FLAGS) & DF_TEXTREL))
            continue;
        if (mmap((void *)from, bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, // NOLINT
                 object->fd, offset) != MAP_FAILED)
            (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
                            (off_t)page_down(bytes));
    }
}
