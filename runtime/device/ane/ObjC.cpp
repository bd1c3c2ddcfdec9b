//===- ObjC.cpp - Objective-C without its compiler ------------------------===//

#include "runtime/device/ane/ObjC.h"

namespace anec::rt::ane {

Result<ObjC> ObjC::load(const DynamicLibrary &library) {
  ObjC objc;
  ANEC_TRY(library.bind(objc.getClass, "objc_getClass"));
  ANEC_TRY(library.bind(objc.registerName, "sel_registerName"));
  ANEC_TRY(library.bind(objc.getClassMethod, "class_getClassMethod"));
  ANEC_TRY(library.bind(objc.getInstanceMethod, "class_getInstanceMethod"));
  ANEC_TRY(library.bind(objc.messageSend, "objc_msgSend"));
  ANEC_TRY(library.bind(objc.poolPush, "objc_autoreleasePoolPush"));
  ANEC_TRY(library.bind(objc.poolPop, "objc_autoreleasePoolPop"));
  ANEC_TRY(library.bind(objc.retain, "objc_retain"));
  ANEC_TRY(library.bind(objc.release, "objc_release"));
  return objc;
}

} // namespace anec::rt::ane
